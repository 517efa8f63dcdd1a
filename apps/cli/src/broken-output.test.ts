// What becomes of the words of a command never decides what becomes of users: full disks and closed pipes.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let shell: Shell;
beforeAll(async () => {
  shell = await openShell('        canary: []\n        bake: 0s\n');
});
afterAll(() => shell.close());

const main = join(import.meta.dirname, 'main.ts');

/** `BG` is the command; stderr is what is read. */
function sh(command: string) {
  const child = spawn('sh', ['-c', command.replaceAll('BG', `"${process.execPath}" "${main}"`)], {
    env: { PATH: process.env.PATH ?? '', BLUEGREEN_CONFIG: shell.config },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { err: text(child.stderr), ended };
}

it('a deployment that is followed into a full disk is driven to its end', async () => {
  const { err, ended } = sh('BG deploy v1.0 --follow > /dev/full');
  expect(await err).toMatch(/This output cannot be written \(ENOSPC.*is driven on from here/);
  expect(await ended).toBe(0);
  expect((await shell.bg('history', '--json')).out).toContain('"kind":"promoted"');
});

it('a result that cannot be written is an error in one line; other messages may be lost', async () => {
  const answer = sh('BG status > /dev/full');
  expect(await answer.err).toMatch(/^failed: the answer could not be written: ENOSPC[^\n]*\n$/);
  expect(await answer.ended).toBe(1);
  expect(await sh('BG deploy v9.9 2> /dev/full').ended).toBe(3);
});

it('the controller continues when no process reads its output', async () => {
  const driving = sh('BG drive 2>&1 | head -n 1');
  const driver = async () => String((await shell.bg('status', '--json')).json().driver);
  await vi.waitFor(async () => expect(await driver()).toMatch(/^bg \d+/), { timeout: 60_000, interval: 200 });
  const pid = Number(/\d+/.exec(await driver())?.[0]);
  const side = async () => (await shell.bg('status', 'shop', '--json')).json() as { slots: { pid: number }[] };
  const before = (await side()).slots[0]?.pid ?? 0;
  // The controller has a message about this, for a pipe without a reader.
  process.kill(before, 'SIGKILL');
  await vi.waitFor(async () => expect((await side()).slots[0]?.pid).not.toBe(before), {
    ...{ timeout: 60_000, interval: 500 },
  });
  expect(await driver()).toMatch(new RegExp(`^bg ${pid}\\b`));
  process.kill(pid, 'SIGTERM');
  await driving.ended;
});
