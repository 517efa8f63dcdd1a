// What is fetched, from where, and how it lies there afterwards. Real servers, real archives, real files.

import {
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
});
