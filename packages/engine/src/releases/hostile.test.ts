// What must not become a release: each has a separate sentence, and leaves nothing behind.

import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeFolder } from '../lib/remove-folder.ts';
import { gzipOf, sha256Of, type TestEntry, tarOf, zstdOf } from './testing-archive.ts';
import { fetchInto, testLimits, testSettings } from './testing-fetch.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-hostile-'));
  mkdirSync(join(folder, 'builds'));
  mkdirSync(join(folder, 'releases'));
  writeFileSync(join(folder, 'secret'), 'not for releases');
});
afterEach(() => removeFolder(folder));

const listing = () => readdirSync(folder, { recursive: true }).map(String).sort();
const file = (name: string, body: string | Uint8Array = 'x'): TestEntry => ({ name, body });
const link = (name: string, linkname: string): TestEntry => ({ name, type: 'symlink', linkname });
const hard = (name: string, linkname: string): TestEntry => ({ name, type: 'link', linkname });
const dir = (name: string): TestEntry => ({ name, type: 'directory' });

/** 2^40 paths for a program that follows links, out of 120 entries. */
const doubling = Array.from({ length: 40 }, (_, n) => [
  dir(`d${n}`),
  ...(n === 39 ? [file(`d${n}/end`)] : [link(`d${n}/a`, `../d${n + 1}`), link(`d${n}/b`, `../d${n + 1}`)]),
]).flat();

const hostile: readonly (readonly [what: string, entries: readonly TestEntry[], sentence: string])[] = [
  ['a path that escapes', [file('../evil')], 'leads out of the folder of the release'],
  ['a path that escapes from below', [file('a/b/../../../evil')], 'leads out of the folder of the release'],
  ['an absolute path', [file('/tmp/evil')], 'is an absolute path'],
  ['a name with control characters', [file('evil\u001b[2J')], 'holds control characters'],
  ['a name with a line break', [file('evil\n.txt')], 'holds control characters'],
  ['a name that reads backwards', [file('exe\u202etxt.js')], 'holds control characters'],
  ['a name without end', [file('n'.repeat(300))], 'holds a name of more than 255 bytes'],
  ['folders without end', [file(`${'d/'.repeat(100)}f`)], 'is deeper than 64 folders'],
  ['the folder itself as a file', [file('.')], 'names the folder of the release itself'],
  ['a file that is there twice', [file('a'), file('./a')], '"a" is there twice'],
  ['a file where a folder is', [file('a/b'), file('a')], '"a" is there twice'],
  ['names that differ in case', [file('Readme'), file('README')], 'differ only in case'],
  ['folders that differ in case', [file('Lib/a'), file('lib/b')], 'differ only in case'],
  ['names that differ in the form of an accent', [file('\u00e9'), file('e\u0301')], 'differ only in case'],
  ['a character device', [{ name: 'null', type: 'character-device' }], '"null" is a character device'],
  ['a block device', [{ name: 'disk', type: 'block-device' }], '"disk" is a block device'],
  ['a pipe', [{ name: 'pipe', type: 'fifo' }], '"pipe" is a fifo'],
  ['a link to an absolute path', [link('l', '/etc/passwd')], 'leads to the absolute path "/etc/passwd"'],
  ['a link that leads out', [link('a/l', '../../secret')], 'leads out of the folder of the release, to "../../secret"'],
  [
    'a link that leads out through another link',
    [dir('a/b'), link('a/b/c', '../..'), dir('a/b/d'), link('a/b/d/e', '../c/../../secret')],
    'through other links',
  ],
  ['a file written through a link', [dir('d'), link('l', 'd'), file('l/evil')], 'lies below "l", which is a link'],
  ['a link in the place of a folder', [file('d/a'), link('d', 'e')], '"d" is there twice'],
  ['a link to nothing', [link('l', 'nowhere')], 'leads to nothing that is in the release'],
  ['links in a circle', [link('a', 'b'), link('b', 'a')], 'leads in a circle of links'],
  ['a link to its own folder', [file('d/f'), link('d/l', '../d')], 'leads back to a folder that it is in'],
  ['a bomb of links', doubling, 'unfold to more than 1000 files'],
  ['a hard link to outside', [hard('h', '/etc/passwd')], 'is an absolute path'],
  ['a hard link that escapes', [hard('h', '../secret')], 'leads out of the folder of the release'],
  ['a hard link to what is not there', [hard('h', 'later'), file('later')], 'which is no file before it'],
  ['a hard link to a link', [file('f'), link('l', 'f'), hard('h', 'l')], 'which is no file before it'],
  ['too many files', Array.from({ length: 1_001 }, (_, n) => file(`f${n}`)), 'more than 1000 files, folders and links'],
  ['too many folders', Array.from({ length: 30 }, (_, n) => file(`${`d${n}/`.repeat(60)}f`)), 'more than 1000 files'],
  ['a bomb of bytes', [file('zeros', new Uint8Array(20 << 20))], 'unpacks to more than 100 times its own size'],
  ['a bomb of hard links', [file('f', randomBytes(300_000)), ...copies(100)], 'are larger than 8 MB together'],
  ['a sparse file', [{ ...file('s'), pax: { 'GNU.sparse.major': '1' } }], '"s" is a sparse file'],
];

function copies(count: number): readonly TestEntry[] {
  return Array.from({ length: count }, (_, n) => hard(`c${n}`, 'f'));
}

function randomBytes(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, n) => (n * 2_654_435_761) >>> 24);
}

describe('an archive with', () => {
  it.each(hostile)('%s is refused, and nothing is left', async (what, entries, sentence) => {
    const path = join(folder, 'builds', 'shop.tar.zst');
    writeFileSync(path, await zstdOf(entries));
    const before = listing();
    const limits = what.includes('hard links') ? { ...testLimits, unpackedBytes: 8 << 20, ratio: 10_000 } : testLimits;
    const settings = testSettings({ folders: [join(folder, 'builds')], limits });
    const refusal = await fetchInto(folder, { kind: 'archive', path, sha256: undefined }, settings).catch((e) => e);
    expect(refusal).toMatchObject({ code: 'artifact-refused', message: expect.stringContaining(sentence) });
    expect(refusal.message).not.toMatch(/\p{Cc}|\u202e/u);
    expect(listing()).toEqual(before);
  });
});

describe('a file that is no sound archive:', () => {
  it.each<[string, (sound: Buffer) => Buffer, string]>([
    ['something else', () => Buffer.from('<html>sign in</html>'), 'it is no archive'],
    ['nothing', () => Buffer.alloc(0), 'it is no archive'],
    ['a zip', () => Buffer.from('504b030414000000', 'hex'), 'it is a zip'],
    ['of xz', () => Buffer.from('fd377a585a000004', 'hex'), 'it is compressed by xz, and only .tar.gz'],
    ['of bzip2', () => Buffer.from('425a683931415926', 'hex'), 'it is compressed by bzip2'],
    ['cut within the compression', (sound) => sound.subarray(0, sound.length - 20), 'cannot be read to its end'],
    ['a tar without its end', (_) => gzipSync(tar.subarray(0, tar.length - 1024)), 'cannot be read to its end'],
    ['a tar that is cut within a file', (_) => gzipSync(tar.subarray(0, 800)), 'cannot be read to its end'],
    ['compressed twice', (sound) => gzipSync(sound), 'cannot be read to its end'],
    ['a bit is wrong', (_) => gzipSync(flipped(tar, 3)), 'cannot be read to its end'],
    ['an endless extended header', (_) => gzipSync(longHeader()), 'cannot be read to its end'],
  ])('%s', async (_, spoil, sentence) => {
    const path = join(folder, 'builds', 'shop.tar.gz');
    tar = await tarOf([file('server.mjs', 'export {};\n'.repeat(100))]);
    writeFileSync(path, spoil(gzipSync(tar)));
    const before = listing();
    const settings = testSettings({ folders: [join(folder, 'builds')] });
    await expect(fetchInto(folder, { kind: 'archive', path, sha256: undefined }, settings)).rejects.toMatchObject({
      code: 'artifact-refused',
      message: expect.stringContaining(sentence),
    });
    expect(listing()).toEqual(before);
  });

  let tar: Buffer;
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** An extended header that says it is 64 MB long, and is. */
function longHeader(): Buffer {
  const size = 64 << 20;
  const header = Buffer.alloc(512);
  header.write('PaxHeader', 0);
  header.write('0000644\0', 100);
  header.write(size.toString(8).padStart(11, '0'), 124);
  header.write('x', 156);
  header.write('ustar\x0000', 257);
  header.fill(' ', 148, 156);
  header.write(
    `${[...header]
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return Buffer.concat([header, Buffer.alloc(size, 'a')]);
}

describe('what is announced', () => {
  const refusalOf = async (source: Parameters<typeof fetchInto>[1], more = {}) => {
    const before = listing();
    const refusal = await fetchInto(folder, source, testSettings({ folders: [join(folder, 'builds')], ...more })).catch(
      (thrown) => thrown,
    );
    expect(listing()).toEqual(before);
    return String(refusal?.message);
  };

  it('with another digest than the file has is refused', async () => {
    const path = join(folder, 'builds', 'shop.tar.gz');
    const archive = await gzipOf([file('a')]);
    writeFileSync(path, archive);
    const announced = sha256Of(Buffer.from('another'));
    expect(await refusalOf({ kind: 'archive', path, sha256: announced })).toBe(
      `its sha256 is ${sha256Of(archive)}, and CI announced ${announced}`,
    );
  });

  it('outside of the configured folders is not read, nor through a link', async () => {
    const path = join(folder, 'secret');
    const none = 'is in none of the folders in `artifacts.folders`';
    expect(await refusalOf({ kind: 'archive', path, sha256: undefined })).toContain(none);
    expect(await refusalOf({ kind: 'directory', path: join(folder, 'builds', '..') })).toContain(none);
    expect(await refusalOf({ kind: 'directory', path: '/etc' })).toContain(none);
    symlinkSync(folder, join(folder, 'builds', 'way-out'));
    expect(await refusalOf({ kind: 'directory', path: join(folder, 'builds', 'way-out', 'releases') })).toContain(none);
    expect(await refusalOf({ kind: 'archive', path: join(folder, 'builds', 'none'), sha256: undefined })).toContain(
      'cannot be found',
    );
  });

  it('as a folder is checked as an archive is', async () => {
    const path = join(folder, 'builds', 'v1');
    mkdirSync(join(path, 'a'), { recursive: true });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(path, 'a', 'socket'), resolve));
    expect(await refusalOf({ kind: 'directory', path })).toContain('"a/socket" is a device, a pipe or a socket');
    await new Promise((resolve) => server.close(resolve));
    symlinkSync('../../../secret', join(path, 'a', 'link'));
    expect(await refusalOf({ kind: 'directory', path })).toContain('leads out of the folder of the release');
  });

  it('as a file larger than is allowed is not taken', async () => {
    const path = join(folder, 'builds', 'shop.tar.gz');
    writeFileSync(path, Buffer.alloc(2_000));
    expect(
      await refusalOf(
        { kind: 'archive', path, sha256: undefined },
        { limits: { ...testLimits, downloadBytes: 1_000 } },
      ),
    ).toContain('it is larger than 1000 bytes');
  });
});
