// No controller runs, a process takes every block of the state's disk as soon as it is free, and a person types
// `bg rollback`: users are served by the version before when the command ends, in memory and on btrfs.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import {
  canMountDisks,
  mountCopyOnWrite,
  mountSmallDisk,
  type SmallDisk,
} from '../packages/engine/src/lib/testing/small-disk.ts';
import { fullDiskService, fullDiskTarget } from './support/full-disk.ts';
import { deployed, type Stage, setStage } from './support/stage.ts';
import { startUsers } from './support/users.ts';

const bg = resolve(import.meta.dirname, '../apps/cli/src/main.ts');
const run = promisify(execFile);

let stage: Stage | undefined;
let filler: ChildProcess | undefined;
afterEach(async () => {
  endFiller();
  stage?.disk?.makeRoom();
  await stage?.strike();
});

function startFiller({ folder }: SmallDisk): void {
  const script = 'while :; do dd if=/dev/zero of=filler bs=64k oflag=append conv=notrunc; done 2>/dev/null';
  filler = spawn('sh', ['-c', script], { cwd: folder, stdio: 'ignore', detached: true });
}

function endFiller(): void {
  if (filler?.pid !== undefined) process.kill(-filler.pid, 'SIGKILL');
  filler = undefined;
}

const mounts: Readonly<Record<string, (folder: string, megabytes: number) => SmallDisk | undefined>> = {
  tmpfs: mountSmallDisk,
  btrfs: mountCopyOnWrite,
};

describe.skipIf(!canMountDisks())('a rollback that nobody drives, on a full disk (needs root)', () => {
  it.each(Object.entries(mounts))('on %s', async (_, mount) => {
    stage = await setStage({
      target: fullDiskTarget,
      service: fullDiskService,
      stateMegabytes: 128,
      mountState: (folder, megabytes) => mount(folder, megabytes) ?? mountSmallDisk(folder, megabytes),
    });
    const { front, folder, disk, drive, edit } = stage;
    const settings = await edit((text) => text.replace('id: bob,', 'id: bob, osUser: shell-of-bob,'));
    const { engine, stop } = drive('driver', settings);
    await deployed(engine, 'v1.0');
    const users = startUsers(front);
    await deployed(engine, 'v2.1');
    await stop();
    startFiller(disk!);
    await expect.poll(() => disk!.freeBytes(), { timeout: 60_000 }).toBeLessThan(1 << 20);
    await delay(2_000);
    const argv = [bg, '--config', join(folder, 'bluegreen.yaml'), 'rollback', '--reason', 'wrong prices'];
    const { stdout } = await run(process.execPath, argv, {
      timeout: 120_000,
      env: { PATH: process.env.PATH, SUDO_USER: 'shell-of-bob' },
    });
    const answer = (await (await fetch(`${front}/health`)).json()) as { version: string };
    expect(answer.version, stdout).toBe('v1.0');
    endFiller();
    disk!.makeRoom();
    const again = drive('next', settings);
    expect((await deployed(again.engine, 'v2.1')).outcome).toMatchObject({ kind: 'promoted' });
    expect((await users.stop()).lost).toEqual([]);
    expect(again.engine.audit.verify()).toMatchObject({ intact: true });
  });
});
