// What is fetched, from where, and how it is stored afterwards. Real servers, real archives, real files.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeFolder } from '../lib/remove-folder.ts';
import { gzipOf, sha256Of, type TestEntry, zstdOf } from './testing-archive.ts';
import { fetchInto, testSettings } from './testing-fetch.ts';
import { clearWorkplaces, makeWorkplace, tokenByHand } from './workplace.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-fetch-'));
});
afterEach(() => removeFolder(folder));

const entries: readonly TestEntry[] = [
  { name: './', type: 'directory' },
  { name: 'server.mjs', body: 'export {};\n' },
  { name: 'bin/start', body: '#!/bin/sh\n', mode: 0o4755 },
  { name: 'node_modules/.bin/start', type: 'symlink', linkname: '../../bin/start' },
  { name: 'copy.mjs', type: 'link', linkname: 'server.mjs' },
  { name: 'empty/', type: 'directory' },
];

function expectWhole(release: string): void {
  expect(readdirSync(release, { recursive: true }).map(String).sort()).toEqual(
    [
      'bin',
      'bin/start',
      'copy.mjs',
      'empty',
      'node_modules',
      'node_modules/.bin',
      'node_modules/.bin/start',
      'server.mjs',
    ].sort(),
  );
  expect(readFileSync(join(release, 'copy.mjs'), 'utf8')).toBe('export {};\n');
  expect(readlinkSync(join(release, 'node_modules/.bin/start'))).toBe('../../bin/start');
  const modes = ['.', 'bin', 'bin/start', 'server.mjs'].map((name) => lstatSync(join(release, name)).mode & 0o7777);
  expect(modes).toEqual([0o555, 0o555, 0o555, 0o444]);
  expect(lstatSync(join(release, 'copy.mjs')).ino).not.toBe(lstatSync(join(release, 'server.mjs')).ino);
}

describe('an archive', () => {
  it.each([
    ['gzip', gzipOf],
    ['zstd', zstdOf],
  ])('compressed by %s is unpacked, read-only and without other rights', async (_, pack) => {
    const archive = await pack(entries);
    writeFileSync(join(folder, 'shop.tar'), archive);
    const fetched = await fetchInto(
      folder,
      { kind: 'archive', path: join(folder, 'shop.tar'), sha256: sha256Of(archive) },
      testSettings({ folders: [folder] }),
    );
    expect(fetched).toMatchObject({ files: 4, sha256: sha256Of(archive) });
    expectWhole(join(folder, 'releases', 'v1'));
  });

  it('loses its one top folder where that is requested', async () => {
    const archive = await gzipOf([
      { name: 'shop-1.0/', type: 'directory' },
      { name: 'shop-1.0/server.mjs', body: 'x' },
      { name: 'shop-1.0/copy.mjs', type: 'link', linkname: 'shop-1.0/server.mjs' },
    ]);
    const path = join(folder, 'shop.tar.gz');
    writeFileSync(path, archive);
    await fetchInto(
      folder,
      { kind: 'archive', path, sha256: undefined },
      testSettings({ folders: [folder], strip: true }),
    );
    expect(readdirSync(join(folder, 'releases', 'v1')).sort()).toEqual(['copy.mjs', 'server.mjs']);
    writeFileSync(path, await gzipOf([{ name: 'a/x' }, { name: 'b/x' }]));
    await expect(
      fetchInto(folder, { kind: 'archive', path, sha256: undefined }, testSettings({ folders: [folder], strip: true })),
    ).rejects.toThrow('"b/x" does not lie in "a", the top folder that is to be left out');
  });

  it('made by tar itself is read, long names included', async () => {
    const deep = join(folder, 'made', 'folder-'.repeat(20), 'folder-'.repeat(20));
    mkdirSync(deep, { recursive: true });
    writeFileSync(join(deep, `${'größe-'.repeat(10)}.txt`), 'deep');
    writeFileSync(join(folder, 'made', 'run'), '#!/bin/sh\n', { mode: 0o755 });
    symlinkSync('run', join(folder, 'made', 'also'));
    for (const format of ['gnu', 'pax']) {
      const path = join(folder, `${format}.tar.gz`);
      execFileSync('tar', [`--format=${format}`, '-czf', path, '-C', join(folder, 'made'), '.']);
      await fetchInto(folder, { kind: 'archive', path, sha256: undefined }, testSettings({ folders: [folder] }));
      const names = (of: string) => readdirSync(join(folder, of), { recursive: true }).map(String).sort();
      expect(names('releases/v1')).toEqual(names('made'));
      await removeFolder(join(folder, 'releases', 'v1'));
    }
  });
});

describe('a folder', () => {
  it('is copied as it is, and cannot be changed there afterwards', async () => {
    const from = join(folder, 'builds', 'shop');
    mkdirSync(join(from, 'lib'), { recursive: true });
    writeFileSync(join(from, 'lib', 'a.mjs'), 'a');
    writeFileSync(join(from, 'start'), 's', { mode: 0o755 });
    symlinkSync('lib/a.mjs', join(from, 'main.mjs'));
    const fetched = await fetchInto(
      folder,
      { kind: 'directory', path: from },
      testSettings({ folders: [join(folder, 'builds')] }),
    );
    expect(fetched).toMatchObject({ files: 3, bytes: 2, sha256: undefined });
    writeFileSync(join(from, 'lib', 'a.mjs'), 'changed');
    expect(readFileSync(join(folder, 'releases/v1/main.mjs'), 'utf8')).toBe('a');
    expect(lstatSync(join(folder, 'releases/v1/start')).mode & 0o777).toBe(0o555);
  });
});

describe('a releases folder', () => {
  it('whose disk would be filled gets nothing', async () => {
    const from = join(folder, 'builds', 'shop');
    mkdirSync(from, { recursive: true });
    writeFileSync(join(from, 'a'), 'a');
    const settings = testSettings({ folders: [join(folder, 'builds')] });
    const source = { kind: 'directory', path: from } as const;
    await expect(fetchInto(folder, source, settings, { keepFreeBytes: 2 ** 60 })).rejects.toMatchObject({
      code: 'artifact-unavailable',
      message: expect.stringMatching(/^only .* of the disk are free, and 1048576 TB are to stay free$/),
    });
    expect(readdirSync(join(folder, 'releases'))).toEqual([]);
  });

  it('keeps a version that has appeared meanwhile', async () => {
    const releases = join(folder, 'releases');
    const place = await makeWorkplace(releases, 'v1', '1');
    mkdirSync(place.files);
    mkdirSync(join(releases, 'v1', 'there'), { recursive: true });
    await expect(place.moveTo('v1')).rejects.toThrow('its folder has appeared meanwhile');
    await place.clear();
    expect(readdirSync(releases, { recursive: true }).map(String).sort()).toEqual(['v1', 'v1/there']);
  });
});

describe('what a killed process left', () => {
  it('is removed, and nothing else', async () => {
    const releases = join(folder, 'releases');
    mkdirSync(join(releases, 'v0'), { recursive: true });
    const left = await makeWorkplace(releases, 'v1', '7');
    mkdirSync(join(left.files, 'sub'), { recursive: true });
    writeFileSync(join(left.files, 'sub', 'a'), 'a', { mode: 0o444 });
    chmodSync(join(left.files, 'sub'), 0o555);
    await clearWorkplaces(releases);
    expect(readdirSync(releases)).toEqual(['v0']);
    await clearWorkplaces(join(folder, 'not-there'));
  });

  it('is distinguished from what a running one is fetching by hand', async () => {
    const releases = join(folder, 'releases');
    await makeWorkplace(releases, 'v1', tokenByHand());
    await makeWorkplace(releases, 'v1', 'by-hand-2147483646');
    await clearWorkplaces(releases);
    expect(readdirSync(releases)).toEqual([`.fetching-v1-by-hand-${process.pid}`]);
  });
});
