// No other controller: the output is current, what is begun is executed to its end, and nothing ends with its reader.

import { spawn } from 'node:child_process';
import { renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

interface Slot {
  readonly version: string | null;
  readonly role: string;
  readonly health: string;
  readonly pid: number;
  readonly seenAt: number;
}

let shell: Shell;
beforeAll(async () => {
  shell = await openShell('        canary: []\n        bake: 1s\n        health: { interval: 500ms, startup: 4s }\n');
  // A version folder that is a link, as a release tool lays it.
  const releases = join(shell.folder, 'releases', 'shop');
  renameSync(join(releases, 'v1.0'), join(shell.folder, 'elsewhere'));
  symlinkSync(join(shell.folder, 'elsewhere'), join(releases, 'v1.0'));
  expect((await shell.bg('deploy', 'v1.0')).code).toBe(0);
});
afterAll(() => shell.close());

const slots = async (): Promise<readonly [Slot, Slot]> =>
  (await shell.bg('status', 'shop', '--json')).json().slots as [Slot, Slot];

it('a deployment goes on when its reader has seen enough', async () => {
  const main = join(import.meta.dirname, 'main.ts');
  const { PATH = '' } = process.env;
  const piped = spawn('sh', ['-c', `"${process.execPath}" "${main}" deploy v2.0 --follow | head -n 2`], {
    env: { PATH, BLUEGREEN_CONFIG: shell.config },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  piped.stdout.on('data', (piece) => {
    out += piece;
  });
  piped.stderr.on('data', (piece) => {
    err += piece;
  });
  await new Promise((resolve) => piped.on('close', resolve));
  expect(out.trim().split('\n')).toHaveLength(2);
  expect(err).toContain('The reader of this output has left.');
  expect(err).not.toContain('error:');
  expect((await slots())[1]).toMatchObject({ version: 'v2.0', role: 'active' });
  expect((await shell.bg('history', '--json')).out).toContain('"kind":"promoted"');
});

it('the status is asked now: what was healthy once and has died since is not shown as healthy', async () => {
  const [blue, green] = await slots();
  expect([blue.health, green.health]).toEqual(['healthy', 'healthy']);
  process.kill(blue.pid, 'SIGKILL');
  const [now] = await slots();
  expect(now.health).toBe('unhealthy');
  expect(Date.now() - now.seenAt).toBeLessThan(20_000);
  expect((await shell.bg('status')).out).toContain('its process has ended');
  const driving = shell.start(['drive']);
  await vi.waitFor(async () => expect((await slots())[0].health).toBe('healthy'), { timeout: 60_000, interval: 500 });
  driving.child.kill('SIGTERM');
  await driving.ended;
});

it('a second rollback within minutes gets the answer that it is done', async () => {
  expect((await shell.bg('rollback', '--reason', 'slow')).err).not.toContain('error:');
  const { code, err } = await shell.bg('rollback');
  expect(code).toBe(3);
  expect(err).toMatch(/done already by alice: shop went back from v2\.0 to v1\.0 .* ago/);
  expect((await slots())[0]).toMatchObject({ version: 'v1.0', role: 'active' });
});

it('a release that is a link is listed, and never removed', async () => {
  expect((await shell.bg('release', 'list')).out).toMatch(/^v1\.0 .*a link, which is never removed/m);
});

it('a start waits until the side is healthy, and fails where it is not', async () => {
  expect((await shell.bg('stop', 'green')).code).toBe(0);
  const good = await shell.bg('start', 'green', 'v2.1');
  expect([good.code, good.out]).toEqual([0, expect.stringContaining('✓ healthy')]);
  expect((await slots())[1]).toMatchObject({ version: 'v2.1', health: 'healthy' });
  const bad = await shell.bg('start', 'green', 'v2.3-never-healthy');
  expect([bad.code, bad.out]).toEqual([1, expect.stringContaining('did not become healthy within 4 s')]);
});
