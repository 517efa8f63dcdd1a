// A state file that cannot be read: no process starts on it, and one command retains it and discovers what runs.

import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let shell: Shell;
const kept = (): readonly string[] => readdirSync(join(shell.folder, 'state')).filter((name) => /corrupt/.test(name));

beforeAll(async () => {
  shell = await openShell('        canary: []\n        bake: 1s\n');
  expect((await shell.bg('deploy', 'v1.0')).code).toBe(0);
});
afterAll(() => shell.close());

it('copies the state into a new private file, and replaces none', async () => {
  const copy = join(shell.folder, 'copy.sqlite');
  const { code, out } = await shell.bg('state', 'backup', copy);
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/✓ .*copy\.sqlite: \d+ KB, \d+ rows .*intact, head \d+:[0-9a-f]{64}/),
  ]);
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  const again = await shell.bg('state', 'backup', copy);
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('exists already')]);
});

it('refuses a file that cannot be read, names the way out, and touches nothing', async () => {
  for (const part of ['-wal', '-shm']) rmSync(join(shell.folder, `state/state.sqlite${part}`), { force: true });
  writeFileSync(join(shell.folder, 'state/state.sqlite'), 'this was once a database '.repeat(400));
  const { code, err } = await shell.bg('status');
  expect(code).toBe(1);
  expect(err).toContain('failed (state-corrupt)');
  expect(err).toContain('bg state rebuild');
  expect(kept()).toEqual([]);
});

it('refuses unauthenticated users', async () => {
  const { code } = await shell.bg('state', 'rebuild', '--config', shell.unauthenticatedConfig);
  expect([code, kept()]).toEqual([3, []]);
});

it('renames the old file, discovers what runs, and continues', async () => {
  const { code, out, err } = await shell.bg('state', 'rebuild');
  expect(out).toMatch(/✓ shop: .*users go to blue; blue is v1\.0/);
  expect(err).toContain('it was renamed to');
  expect(code).toBe(0);
  expect(kept()).toEqual([expect.stringMatching(/^state\.sqlite\.corrupt-\d{4}-/)]);
  expect((await shell.bg('status')).out).toMatch(/blue +active +v1\.0/);
  expect((await shell.bg('deploy', 'v2.0', '--json')).json()).toMatchObject({ outcome: { kind: 'promoted' } });
});

it('does nothing to a state that is sound', async () => {
  const { code, out } = await shell.bg('state', 'rebuild');
  expect([code, out]).toEqual([0, expect.stringContaining('its state is known')]);
  expect(kept()).toHaveLength(1);
});
