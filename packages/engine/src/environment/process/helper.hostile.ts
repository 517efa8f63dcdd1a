// An engine that is not root and starts its slots through the helper, with the real sudo: everything that it does with a slot.

import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deafServer } from '../contract-fixture.ts';
import { folderMark } from '../launch-mark.ts';
import { processStat } from '../proc-fs.ts';
import { canTry, type HelpedMachine, helpedSettings, installHelper, slot } from './helper-fixture.ts';

let machine: HelpedMachine;
beforeAll(async () => {
  if (canTry) machine = await installHelper();
});
afterAll(() => {
  if (canTry) machine.remove();
});
afterEach(() => {
  if (canTry) machine.engine('stop', machine.place, 2_000);
});

const isLiving = (pid: number): boolean => processStat(pid)?.zombie === false;

const hiding = `
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
appendFileSync('/dev/stdout', 'said by its path\\n');
const child = spawn('/usr/bin/sleep', ['600'], { env: { PATH: '/usr/bin:/bin' }, detached: true, stdio: 'ignore' });
createServer((request, response) => response.end(JSON.stringify({ child: child.pid, password: process.env.PASSWORD })))
  .listen(Number(process.env.APPLICATION_PORT), '127.0.0.1');
`;

describe.skipIf(!canTry)('an engine that is not root (needs root, sudo and perl)', () => {
  it('starts a slot as its account, in its own group, with its environment and its log', async () => {
    const pid = machine.started('v1', hiding, { quota: { pids: 50, memoryBytes: 256 * 2 ** 20, cpus: 0.5 } });
    await expect.poll(() => machine.answer().catch(() => ''), { timeout: 20_000 }).toContain('correct-horse');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\s+65534\s+65534\s+65534\s+65534$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^CapPrm:\s+0{16}$/m);
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('correct-horse');
    expect(readFileSync(`/proc/${pid}/cgroup`, 'utf8')).toContain(
      `pids:/bluegreen/${folderMark(machine.stateFolder)}.${slot}`,
    );
    const group = `/sys/fs/cgroup/memory/bluegreen/${folderMark(machine.stateFolder)}.${slot}`;
    expect(readFileSync(`${group}/memory.limit_in_bytes`, 'utf8').trim()).toBe(String(256 * 2 ** 20));
    await expect
      .poll(() => readFileSync(join(machine.stateFolder, `logs/${slot}.log`), 'utf8'), { timeout: 20_000 })
      .toContain('said by its path');
    expect(machine.engine('inspect', machine.place).value).toMatchObject({ kind: 'running', pid, version: 'v1' });
    expect(machine.engine('start', machine.place, machine.release('v1', hiding), helpedSettings()).value).toMatchObject(
      { pid },
    );
  });

  it('stops it after a restart of the engine, with what left its process group', async () => {
    const pid = machine.started('v2', hiding);
    await expect.poll(() => machine.answer().catch(() => ''), { timeout: 20_000 }).toContain('child');
    const { child } = JSON.parse(await machine.answer()) as { child: number };
    expect(machine.engine('stop', machine.place, 10_000)).toEqual({ value: null });
    expect([pid, child].map(isLiving)).toEqual([false, false]);
    expect(machine.engine('inspect', machine.place).value).toMatchObject({
      kind: 'stopped',
      lastExit: 'stopped (SIGTERM)',
    });
    expect(existsSync(`/sys/fs/cgroup/pids/bluegreen/${folderMark(machine.stateFolder)}.${slot}`)).toBe(false);
  });

  it('kills one that ignores SIGTERM, after its grace', async () => {
    const pid = machine.started('v3', deafServer);
    await expect.poll(() => machine.answer().catch(() => ''), { timeout: 20_000 }).not.toBe('');
    expect(machine.engine('stop', machine.place, 500)).toEqual({ value: null });
    expect(isLiving(pid)).toBe(false);
    expect(machine.engine('inspect', machine.place).value).toMatchObject({
      lastExit: expect.stringContaining('SIGKILL'),
    });
  });

  it('sees that one was killed, and starts another in its place', () => {
    const pid = machine.started('v4');
    process.kill(pid, 'SIGKILL');
    expect(machine.engine('inspect', machine.place).value).toMatchObject({ kind: 'stopped' });
    expect(machine.started('v5')).not.toBe(pid);
  });

  it('adopts one whose record was lost, and stops it', async () => {
    const pid = machine.started('v6');
    await expect.poll(() => machine.answer().catch(() => ''), { timeout: 20_000 }).not.toBe('');
    writeFileSync(join(machine.stateFolder, 'slots/shop/production/blue.json'), '{');
    expect(machine.engine('adopt', machine.place, { version: 'v6', digest: 'd' }).value).toMatchObject({
      pid,
      adopted: true,
    });
    expect(machine.engine('stop', machine.place, 10_000)).toEqual({ value: null });
    expect(isLiving(pid)).toBe(false);
  });

  it('is refused before anything is stopped where sudo does not allow it', () => {
    const pid = machine.started('v7');
    chmodSync(machine.rule, 0o600);
    const text = readFileSync(machine.rule, 'utf8');
    writeFileSync(machine.rule, '# none\n');
    chmodSync(machine.rule, 0o440);
    const refused = machine.engine('start', machine.place, machine.release('v8'), helpedSettings());
    writeFileSync(machine.rule, text);
    expect(refused).toMatchObject({
      code: 'account-refused',
      message: expect.stringMatching(/the helper cannot be run: .*password/s),
    });
    expect(machine.engine('inspect', machine.place).value).toMatchObject({ kind: 'running', pid });
  });

  it('reports the message of the helper when it refuses, and refuses what only root can do', () => {
    const other = { ...machine.place, slot: 'green' };
    expect(machine.engine('start', other, machine.release('v7'), helpedSettings()).message).toMatch(
      /names the account root for it, and the configuration nobody/,
    );
    expect(
      machine.engine('start', other, machine.release('v7'), helpedSettings({ account: { user: 'root' } })).message,
    ).toMatch(/root, which no release runs as/);
    const elsewhere = { version: 'v8', digest: 'd', folder: '/usr/bin' };
    expect(
      machine.engine('start', machine.place, elsewhere, helpedSettings({ command: ['/usr/bin/env'] })).message,
    ).toMatch(/\/usr\/bin is not within .*releases/);
    expect(
      machine.engine('start', { ...machine.place, service: 'other' }, machine.release('v7'), helpedSettings()).message,
    ).toMatch(/install the helper for the slot/);
  });
});
