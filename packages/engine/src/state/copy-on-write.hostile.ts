// The state on a file system that copies on write (btrfs on a loop device), which another process fills to the last block.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { releaseReserve, retainReserve } from '../lib/reserve.ts';
import { mountCopyOnWrite, type SmallDisk } from '../lib/testing/small-disk.ts';
import { openDatabase } from './database.ts';

const writer = resolve(import.meta.dirname, 'testing/write-on-full.ts');
const folder = mkdtempSync(join(tmpdir(), 'bg-cow-'));
const disk = process.getuid?.() === 0 ? mountCopyOnWrite(join(folder, 'state'), 128) : undefined;
const fillers: ChildProcess[] = [];
afterAll(() => {
  endFillers();
  disk?.unmount();
  rmSync(folder, { recursive: true });
});

/** Takes each block as soon as it is free, for as long as it runs. */
function startFiller({ folder: on }: SmallDisk): void {
  const script = 'while :; do dd if=/dev/zero of=filler bs=64k oflag=append conv=notrunc; sync -f .; done 2>/dev/null';
  fillers.push(spawn('sh', ['-c', script], { cwd: on, stdio: 'ignore', detached: true }));
}

function endFillers(): void {
  for (const { pid } of fillers.splice(0)) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
}

describe.skipIf(disk === undefined)('a state on btrfs (needs root and loop devices)', () => {
  it('has a reserve that really gives blocks back, part by part', async () => {
    const on = disk!;
    retainReserve(on.folder);
    execFileSync('sync', ['-f', on.folder]);
    const { size } = statSync(join(on.folder, 'disk-reserve'));
    const before = on.freeBytes();
    for (let parts = 1; parts <= 4; parts += 1) expect(releaseReserve(on.folder)).toBe(true);
    execFileSync('sync', ['-f', on.folder]);
    expect(statSync(join(on.folder, 'disk-reserve')).size).toBe(size - (1 << 20));
    expect(on.freeBytes() - before).toBeGreaterThan(900 << 10);
    truncateSync(join(on.folder, 'disk-reserve'), 0);
  });

  it('does not end the process that writes on a full disk, and decisions get the reserve', {
    timeout: 120_000,
  }, async () => {
    const on = disk!;
    const child = spawn(process.execPath, [writer, on.folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    const gone = new Promise<unknown>((done) => child.once('exit', (code, signal) => done({ code, signal })));
    let said = '';
    child.stdout.on('data', (text) => {
      said += text;
    });
    await expect.poll(() => said, { timeout: 60_000 }).toContain('open');
    startFiller(on);
    await expect.poll(() => on.freeBytes(), { timeout: 60_000 }).toBeLessThan(1 << 20);
    await delay(8_000);
    child.stdin.end();
    expect(await gone).toEqual({ code: 0, signal: null });
    const { written, refused } = JSON.parse(said.split('\n').at(1) ?? '') as Record<string, number>;
    expect(refused).toBeGreaterThan(0);
    endFillers();
    on.makeRoom();
    const db = openDatabase(on.folder);
    expect(db.$client.prepare('SELECT count(*) AS n FROM counted').get()).toEqual({ n: written });
    expect(db.$client.pragma('integrity_check', { simple: true })).toBe('ok');
    db.$client.close();
  });
});
