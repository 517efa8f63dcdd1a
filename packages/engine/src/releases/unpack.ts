// Unpacks an archive, `.tar.gz`, `.tar.zst` or `.tar`, recognized by its first bytes, into a landing as it is read.

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Duplex, PassThrough, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { createTarDecoder, type ParsedTarEntry } from 'modern-tar';
import { BlueGreenError, messageOf } from '../lib/errors.ts';
import type { Landing } from './landing.ts';
import { pathOf } from './names.ts';
import { refused, shownName } from './refused.ts';
import { createTypeGuard, sparseCure } from './tar-types.ts';
import { unzstd } from './zstd-frames.ts';

export interface UnpackOptions {
  readonly archive: string;
  readonly landing: Landing;
  /** Whether the one top folder is left out. */
  readonly strip: boolean;
  readonly signal: AbortSignal;
}

/** @throws BlueGreenError `artifact-refused` */
export async function unpack({ archive, landing, strip, signal }: UnpackOptions): Promise<void> {
  const unzip = await unzipFor(archive);
  const decoder = createTarDecoder({ strict: true });
  const nameOf = strip ? createStripping() : (name: string) => name;
  const flow = new AbortController();
  const until = AbortSignal.any([signal, flow.signal]);
  let first: unknown;
  const stop = (thrown: unknown) => {
    first ??= thrown;
    flow.abort();
  };
  const sink = Writable.fromWeb(decoder.writable);
  const reading = pipeline(createReadStream(archive), unzip, createTypeGuard(), sink, { signal: until });
  const landed = land(decoder.readable, landing, nameOf);
  await Promise.all([reading.catch(stop), landed.catch(stop)]);
  signal.throwIfAborted();
  if (first === undefined) return;
  if (first instanceof BlueGreenError) throw first;
  throw refused(`the archive cannot be read to its end: ${messageOf(first)}`, first);
}

async function land(
  entries: ReadableStream<ParsedTarEntry>,
  landing: Landing,
  nameOf: (name: string) => string,
): Promise<void> {
  for await (const entry of entries) await landEntry(entry, landing, nameOf);
}

async function landEntry(
  { header, body }: ParsedTarEntry,
  landing: Landing,
  nameOf: (name: string) => string,
): Promise<void> {
  const name = nameOf(header.name);
  const { linkname = '', pax = {} } = header;
  if (Object.keys(pax).some((key) => key.startsWith('GNU.sparse')))
    throw refused(`${shownName(name)} is a sparse file; ${sparseCure}`);
  switch (header.type) {
    case 'file':
    case undefined:
      return landing.file(name, body, { mode: header.mode, modifiedAt: header.mtime });
    case 'directory':
      return landing.folder(name);
    case 'symlink':
      return landing.link(name, linkname);
    case 'link':
      return landing.copy(name, nameOf(linkname));
    default:
      throw refused(
        `${shownName(name)} is a ${header.type.replace('-', ' ')}, and only files, folders and links are taken`,
      );
  }
}

/** Takes off the first folder, which must be the same for all. */
function createStripping(): (name: string) => string {
  let top: string | undefined;
  return (name) => {
    const [first = '', ...rest] = pathOf(name).split('/');
    top ??= first;
    if (first !== top)
      throw refused(`${shownName(name)} does not lie in ${shownName(top)}, the top folder that is to be left out`);
    return rest.join('/');
  };
}

async function unzipFor(archive: string): Promise<Duplex | typeof unzstd> {
  const magic = await firstBytes(archive);
  if (await isPlainTar(archive)) return new PassThrough();
  if (magic.startsWith('1f8b')) return zlib.createGunzip();
  if (magic === '28b52ffd' || /^5.2a4d18$/.test(magic)) {
    if (typeof zlib.createZstdDecompress !== 'function')
      throw refused(`it is compressed by zstd, which Node ${process.version} cannot read: use 22.15 or newer`);
    return unzstd;
  }
  const other = others.find(([begin]) => magic.startsWith(begin))?.[1];
  throw refused(
    other === undefined
      ? 'it is no archive: it begins neither as .tar.gz or .tar.zst nor as .tar'
      : `it is ${other}, and only .tar.gz and .tar.zst are unpacked`,
  );
}

const others: readonly (readonly [begin: string, what: string])[] = [
  ['504b', 'a zip'],
  ['fd377a58', 'compressed by xz'],
  ['425a68', 'compressed by bzip2'],
  ['04224d18', 'compressed by lz4'],
  ['377abcaf', 'a 7z archive'],
  ['52617221', 'a rar archive'],
];

/** As `docker save` writes it. */
async function isPlainTar(path: string): Promise<boolean> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(5), 0, 5, 257);
  return bytesRead === 5 && buffer.toString('latin1') === 'ustar';
}

async function firstBytes(path: string): Promise<string> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  return buffer.subarray(0, bytesRead).toString('hex');
}
