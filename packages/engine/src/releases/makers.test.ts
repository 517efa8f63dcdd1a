// Archives as other programs make them: what lands is what `tar x` makes of them, or a sentence says what to do.

import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeFolder } from '../lib/remove-folder.ts';
import { gzipOf, sha256Of, type TestEntry, tarOf } from './testing-archive.ts';
import { fetchInto, testSettings } from './testing-fetch.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-makers-'));
  mkdirSync(join(folder, 'made'));
  mkdirSync(join(folder, 'releases'));
});
afterEach(() => removeFolder(folder));

const release = (name: string): string => join(folder, 'releases', 'v1', name);

function fetchArchive(archive: Buffer): Promise<unknown> {
  const path = join(folder, 'shop.tar.gz');
  writeFileSync(path, archive);
  return fetchInto(folder, { kind: 'archive', path, sha256: sha256Of(archive) }, testSettings({ folders: [folder] }));
}

/** By the machine's own tar. */
function packed(...options: readonly string[]): Buffer {
  return execFileSync('tar', ['-czf', '-', '-C', join(folder, 'made'), ...options, '.']);
}

/** A file with another type flag, and a checksum that fits. */
async function flagged(flag: string): Promise<Buffer> {
  const tar = await tarOf([
    { name: 'odd', body: 'x' },
    { name: 'server.mjs', body: 'y' },
  ]);
  tar.write(flag, 156, 'latin1');
  tar.fill(' ', 148, 156);
  const sum = tar.subarray(0, 512).reduce((all, byte) => all + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return gzipSync(tar);
}

describe('a file with a hole', () => {
  it.each([
    ['gnu', 'in the format of GNU'],
    ['posix', 'with extended headers, as bsdtar makes it without being asked'],
  ])('packed by tar --sparse --format=%s, %s, is refused with the cure', async (format) => {
    writeFileSync(join(folder, 'made', 'data'), 'begin');
    truncateSync(join(folder, 'made', 'data'), 1 << 20);
    const refusal = fetchArchive(packed('--sparse', `--format=${format}`));
    await expect(refusal).rejects.toMatchObject({
      code: 'artifact-refused',
      message: expect.stringMatching(
        /data" is a sparse file; pack it without -S or --sparse \(GNU tar\), or with --no-read-sparse/,
      ),
    });
    expect(readdirSync(join(folder, 'releases'))).toEqual([]);
  });
});

describe('a type flag', () => {
  it.each([
    ['D', 'is a folder of an incremental archive; pack it without --listed-incremental'],
    ['M', 'is the rest of a file from another volume'],
    ['N', 'is of a type that is not known, "N"'],
    ['X', 'is of a type that is not known, "X"'],
    ['\u0001', 'is of a type that is not known'],
  ])('%j is refused', async (flag, sentence) => {
    await expect(fetchArchive(await flagged(flag))).rejects.toMatchObject({
      code: 'artifact-refused',
      message: expect.stringContaining(`"odd" ${sentence}`),
    });
  });

  it.each(['\0', '0', '7'])('%j is a file', async (flag) => {
    await fetchArchive(await flagged(flag));
    expect(readFileSync(release('odd'), 'utf8')).toBe('x');
  });

  it('of a label, which tar -V writes, makes no file', async () => {
    writeFileSync(join(folder, 'made', 'server.mjs'), 'x');
    const archive = packed('--format=gnu', '-V', 'nightly');
    expect(gunzipSync(archive).toString('latin1', 156, 157)).toBe('V');
    await fetchArchive(archive);
    expect(readdirSync(release(''))).toEqual(['server.mjs']);
  });

  it('is read after an extended header that gives another size, in pieces of any length', async () => {
    const big: TestEntry = { name: 'big', body: 'b'.repeat(1_000), pax: { size: '1000', comment: 'c'.repeat(700) } };
    await fetchArchive(await gzipOf([big, { name: 'small', body: 's' }]));
    expect(readFileSync(release('big'), 'utf8')).toBe('b'.repeat(1_000));
    expect(readFileSync(release('small'), 'utf8')).toBe('s');
  });
});

describe('zstd in several frames', () => {
  const skippable = Buffer.concat([Buffer.from('502a4d1804000000', 'hex'), Buffer.from([1, 2, 3, 4])]);

  it.each<[string, (parts: readonly Buffer[]) => readonly Buffer[]]>([
    ['one after the other', (parts) => parts],
    [
      'each behind one that is to be skipped, as pzstd makes them',
      (parts) => parts.flatMap((part) => [skippable, part]),
    ],
    ['with an empty one and one to be skipped at the end', (parts) => [...parts, zstdCompressSync(''), skippable]],
  ])('%s, is read to its end', async (_, arrange) => {
    const noise = Buffer.from(Array.from({ length: 300_000 }, (_each, n) => (n * 2_654_435_761) >>> 24));
    const tar = await tarOf([
      { name: 'a', body: noise },
      { name: 'zeros', body: Buffer.alloc(500_000) },
      { name: 'b', body: 'end' },
    ]);
    const cuts = [0, 700, 200_000, 600_000, tar.length];
    const frames = cuts.slice(1).map((end, index) => zstdCompressSync(tar.subarray(cuts[index], end)));
    await fetchArchive(Buffer.concat(arrange(frames)));
    expect(readFileSync(release('a')).equals(noise)).toBe(true);
    expect(readFileSync(release('zeros')).length).toBe(500_000);
    expect(readFileSync(release('b'), 'utf8')).toBe('end');
  });

  it.each<[string, (archive: Buffer) => Buffer]>([
    ['that is cut within the second frame', (archive) => archive.subarray(0, archive.length - 5)],
    ['with something else after it', (archive) => Buffer.concat([archive, Buffer.from('something else')])],
    ['of which one is spoilt', (archive) => archive.fill(0xff, archive.length - 40, archive.length - 20)],
  ])('%s is refused', async (_, spoil) => {
    const tar = await tarOf([{ name: 'a', body: 'a'.repeat(5_000) }]);
    const archive = Buffer.concat([zstdCompressSync(tar.subarray(0, 2_000)), zstdCompressSync(tar.subarray(2_000))]);
    await expect(fetchArchive(spoil(archive))).rejects.toMatchObject({ code: 'artifact-refused' });
  });
});

describe('a tree of pnpm with a link into its workspace', () => {
  it('is refused, and the fix is named', async () => {
    const link = 'node_modules/.pnpm/node_modules/@acme/lib';
    const entries: readonly TestEntry[] = [{ name: link, type: 'symlink', linkname: '../../../../../packages/lib' }];
    await expect(fetchArchive(await gzipOf(entries))).rejects.toThrow(
      `leads out of the folder of the release, to "../../../../../packages/lib"; leave it out (tar --exclude="${link}"), or install with node-linker=hoisted`,
    );
    await expect(fetchArchive(await gzipOf([{ ...entries[0]!, linkname: './gone' }]))).rejects.toThrow('leave it out');
  });
});

describe('a file keeps', () => {
  const modes = [
    [0o600, 0o400],
    [0o640, 0o440],
    [0o644, 0o444],
    [0o664, 0o444],
    [0o700, 0o500],
    [0o750, 0o550],
    [0o755, 0o555],
    [0o711, 0o500],
    [0o4755, 0o555],
    [0, 0o444],
  ] as const;

  it('its time, and its restrictions for other users: in an archive', async () => {
    const mtime = new Date('2021-03-04T05:06:07Z');
    const files = modes.map(([mode]) => ({ name: `f${mode.toString(8)}`, body: 'x', mode, mtime }));
    await fetchArchive(await gzipOf([...files, { name: 'again', type: 'link', linkname: 'f600' }]));
    for (const [mode, expected] of modes) {
      const found = lstatSync(release(`f${mode.toString(8)}`));
      expect([mode, found.mode & 0o7777, found.mtimeMs]).toEqual([mode, expected, mtime.getTime()]);
    }
    expect(lstatSync(release('again'))).toMatchObject({ mtimeMs: mtime.getTime() });
    expect(lstatSync(release('again')).mode & 0o777).toBe(0o400);
  });

  it('both in a folder', async () => {
    const path = join(folder, 'made', 'shop');
    mkdirSync(path);
    writeFileSync(join(path, 'key.pem'), 'k', { mode: 0o600 });
    utimesSync(join(path, 'key.pem'), 1_600_000_000, 1_600_000_000);
    await fetchInto(folder, { kind: 'directory', path }, testSettings({ folders: [join(folder, 'made')] }));
    expect(lstatSync(release('key.pem'))).toMatchObject({ mtimeMs: 1_600_000_000_000 });
    expect(lstatSync(release('key.pem')).mode & 0o777).toBe(0o400);
  });

  it('no time that is not valid', async () => {
    await fetchArchive(
      await gzipOf([
        { name: 'a', body: 'x', pax: { mtime: '-5' } },
        { name: 'b', body: 'x', pax: { mtime: '99999999999999' } },
      ]),
    );
    expect(readdirSync(release(''))).toEqual(['a', 'b']);
  });
});

it('a file that is announced as a folder is refused by its own sentence', async () => {
  const path = join(folder, 'made', 'shop.zip');
  writeFileSync(path, 'PK');
  const refusal = fetchInto(folder, { kind: 'directory', path }, testSettings({ folders: [join(folder, 'made')] }));
  await expect(refusal).rejects.toMatchObject({
    code: 'artifact-refused',
    message: expect.stringContaining('is no folder'),
  });
});
