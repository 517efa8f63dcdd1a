// Releases on the disk, through real `bg` processes.

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

let shell: Shell;
beforeAll(async () => {
  shell = await openShell(`
        canary: []
        bake: 1s
        keepReleases: { count: 1, age: 1ms }
        envFiles: [shop.env]
`);
  writeFileSync(join(shell.folder, 'shop.env'), 'MODE=first\n');
});
afterAll(() => shell.close());

const releases = (): readonly string[] => readdirSync(join(shell.folder, 'releases', 'shop'));

describe('bg release', { timeout: 240_000 }, () => {
  it('lists what was registered, with the reason why it stays', async () => {
    expect((await shell.bg('release', 'list')).out).toContain('no registered release');
    expect((await shell.bg('deploy', 'v1.0', '--follow')).code).toBe(0);
    expect((await shell.bg('start', 'green', 'v2.0')).code).toBe(0);
    const { out } = await shell.bg('release', 'list');
    expect(out).toMatch(/^v1\.0 .* \d+ KB .*active in blue of production/m);
    expect(out).toMatch(/^v2\.0 .*kept in green of production/m);
  });

  it('pins, shows what it would remove, removes it, and takes a reason and a person for that', async () => {
    expect((await shell.bg('stop', 'green')).code).toBe(0);
    expect((await shell.bg('start', 'green', 'v2.1')).code).toBe(0);
    expect((await shell.bg('stop', 'green')).code).toBe(0);
    expect((await shell.bg('release', 'pin', 'v2.0')).code).toBe(2);
    expect((await shell.bg('release', 'pin', 'v2.0', '--reason', 'audit')).code).toBe(0);
    expect((await shell.bg('release', 'list')).out).toMatch(/^v2\.0 .*pinned.*pinned by alice: audit/m);
    const nothing = await shell.bg('release', 'prune', '--dry-run');
    expect(nothing.out).toContain('nothing would be removed');
    expect((await shell.bg('release', 'unpin', 'v2.0')).code).toBe(0);
    const dry = await shell.bg('release', 'prune', '--dry-run', '--json');
    expect(JSON.parse(dry.out)).toMatchObject([{ version: 'v2.0', kept: null }]);
    expect(existsSync(join(shell.folder, 'releases', 'shop', 'v2.0'))).toBe(true);
    expect((await shell.bg('--config', shell.unauthenticatedConfig, 'release', 'prune')).code).toBe(3);
    expect((await shell.bg('release', 'prune')).out).toContain('1 removed');
    expect(releases()).not.toContain('v2.0');
    expect(releases()).toContain('v2.1');
  });
});

describe('bg plan', () => {
  it('shows how the release would be run', async () => {
    const { out } = await shell.bg('plan', 'v2.1');
    expect(out).toContain('runs:');
    expect(out).toMatch(/server\.mjs$/m);
    expect(out).toContain('under the account of the engine: it can read the secrets');
    expect(out).toMatch(/\d+ files, \d+ KB \(before: /);
    expect(out).toMatch(/✓ start/);
  });
});

describe('bg status --wide', { timeout: 240_000 }, () => {
  it('shows what the next start would change, by name', async () => {
    writeFileSync(join(shell.folder, 'shop.env'), 'MODE=second\n');
    const driving = shell.start(['drive']);
    await expect
      .poll(async () => (await shell.bg('status', '--wide')).out)
      .toMatch(/would start with other values.*v1\.0 in blue: MODE$/m);
    expect((await shell.bg('status')).out).not.toContain('other values');
    driving.child.kill('SIGINT');
    await driving.ended;
  });
});
