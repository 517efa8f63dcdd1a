// `bg release fetch` as real processes: from the machine, under what the configuration allows.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packFolder } from '../../../test/support/artifacts.ts';
import { readSource } from './source.ts';
import { openShell, type Shell } from './testing/shell.ts';

let shell: Shell;
let archive: string;
let sha256: string;
beforeAll(async () => {
  shell = await openShell(`
        canary: []
        bake: 1s
        artifacts: { folders: [builds] }
`);
  const builds = join(shell.folder, 'builds');
  mkdirSync(builds);
  renameSync(join(shell.folder, 'releases', 'shop', 'v1.0'), join(builds, 'v1.0'));
  archive = join(builds, 'shop-1.0.tar.gz');
  const bytes = await packFolder(join(builds, 'v1.0'));
  writeFileSync(archive, bytes);
  sha256 = createHash('sha256').update(bytes).digest('hex');
});
afterAll(() => shell.close());

const releases = () => readdirSync(join(shell.folder, 'releases', 'shop'));

describe('bg release fetch', { timeout: 120_000 }, () => {
  it('refuses what is not allowed or not proved, and leaves nothing', async () => {
    const before = releases();
    const wrong = await shell.bg('release', 'fetch', 'v1.0', '--from', archive, '--sha256', 'a'.repeat(64));
    expect([wrong.code, wrong.err]).toEqual([3, expect.stringContaining(`its sha256 is ${sha256}`)]);
    const elsewhere = await shell.bg('release', 'fetch', 'v1.0', '--from', '/etc');
    expect([elsewhere.code, elsewhere.err]).toEqual([3, expect.stringContaining('is in none of the folders')]);
    const unannounced = await shell.bg('release', 'fetch', 'v1.0');
    expect([unannounced.code, unannounced.err]).toEqual([3, expect.stringContaining('CI has announced no v1.0')]);
    expect((await shell.bg('release', 'fetch', 'v1.0', '--sha256', sha256)).code).not.toBe(0);
    expect(releases()).toEqual(before);
  });

  it('fetches a release once, and it is deployed like any other', async () => {
    const fetched = await shell.bg('release', 'fetch', 'v1.0', '--from', archive, '--sha256', sha256);
    expect([fetched.code, fetched.out]).toEqual([0, expect.stringContaining('shop v1.0 fetched from')]);
    const file = (folder: string) => readFileSync(join(shell.folder, folder, 'v1.0', 'server.mjs'), 'utf8');
    expect(file('releases/shop')).toBe(file('builds'));
    const again = await shell.bg('release', 'fetch', 'v1.0', '--from', archive);
    expect([again.code, again.err]).toEqual([3, expect.stringContaining('is already in its folder')]);
    expect((await shell.bg('deploy', 'v1.0', '--follow')).code).toBe(0);
  });
});

describe('a source on the command line', () => {
  it.each([
    ['https://a.example/x.tar.gz', { kind: 'url', url: 'https://a.example/x.tar.gz', sha256: undefined }],
    ['/srv/x.tar.zst', { kind: 'archive', path: '/srv/x.tar.zst', sha256: undefined }],
    ['/srv/x', { kind: 'directory', path: '/srv/x' }],
    ['/srv/x.crate', { kind: 'archive', path: '/srv/x.crate', sha256: undefined }],
    ['/srv/x.tar.xz', { kind: 'archive', path: '/srv/x.tar.xz', sha256: undefined }],
    [import.meta.filename, { kind: 'archive', path: import.meta.filename, sha256: undefined }],
    [import.meta.dirname, { kind: 'directory', path: import.meta.dirname }],
    ['image:r.example/shop:v1', { kind: 'image', reference: 'r.example/shop:v1' }],
    ['git:https://a.example/x.git#main', { kind: 'git', repository: 'https://a.example/x.git', ref: 'main' }],
  ])('%s', (from, source) => {
    expect(readSource(from, undefined)).toEqual(source);
  });

  it.each([
    ['git:acme/shop', undefined, 'names no ref'],
    ['/srv/x', 'a'.repeat(64), '--sha256 is for an archive'],
    ['/srv/x.tgz', 'abc', 'is no sha256'],
  ])('%s with %s is not understood', (from, sha256, sentence) => {
    expect(() => readSource(from, sha256)).toThrow(sentence);
  });
});
