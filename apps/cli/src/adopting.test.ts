// Taking over what already serves users: the way into this system for a service that was started by hand.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let shell: Shell;
let byHand: ChildProcess;
beforeAll(async () => {
  shell = await openShell('        canary: []\n        bake: 1s\n');
  const { slots } = (await shell.bg('status', 'shop', '--json')).json() as { slots: { port: number }[] };
  byHand = spawn(process.execPath, ['server.mjs'], {
    cwd: join(shell.folder, 'releases/shop/v1.0'),
    env: { APPLICATION_PORT: String(slots[0]?.port), ENVIRONMENT_COLOR: 'blue', APP_VERSION: 'v1.0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => byHand.stdout?.once('data', resolve));
});
afterAll(async () => {
  byHand.kill('SIGKILL');
  await shell.close();
});

it('shows the right order of the words', async () => {
  const { code, err } = await shell.bg('adopt', 'v1.0', 'blue');
  expect(code).toBe(2);
  expect(err).toContain('Did you mean: bg adopt blue v1.0');
});

it('takes over a running service without a restart, and deploys the next version in the other slot', async () => {
  const { code, out } = await shell.bg('adopt', 'blue', 'v1.0');
  expect(out).toMatch(/blue +active +v1\.0/);
  expect(code).toBe(0);
  const next = await shell.bg('deploy', 'v2.0', '--json');
  expect(next.json()).toMatchObject({ from: { slot: 'blue', version: 'v1.0' }, outcome: { kind: 'promoted' } });
  expect(byHand.exitCode).toBeNull();
});

it('settles what becomes of the previous version', async () => {
  expect((await shell.bg('standby', 'keep')).out).toMatch(/blue +standby +v1\.0/);
  expect((await shell.bg('standby')).code).toBe(2);
});
