// A disk that cannot take or give what is asked is no damage. Each cause has its code, its sentence and its remedy.

import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  type StatsFs,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { BlueGreenError, type ErrorCode, messageOf } from './errors.ts';

type StorageCode = Extract<
  ErrorCode,
  'disk-full' | 'disk-read-only' | 'disk-error' | 'file-too-large' | 'no-permission' | 'too-many-files' | 'state-locked'
>;

const wantedMegabytes = 32;
/** With less than this left, a file system refuses whole operations under other names. */
const scarceBytes = 128 << 10;

const codes: Readonly<Record<string, StorageCode>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  SQLITE_FULL: 'disk-full',
  EFBIG: 'file-too-large',
  EROFS: 'disk-read-only',
  SQLITE_READONLY: 'disk-read-only',
  EIO: 'disk-error',
  SQLITE_IOERR: 'disk-error',
  SQLITE_CANTOPEN: 'disk-error',
  EACCES: 'no-permission',
  EPERM: 'no-permission',
  SQLITE_PERM: 'no-permission',
  EMFILE: 'too-many-files',
  ENFILE: 'too-many-files',
  SQLITE_BUSY: 'state-locked',
};

/** SQLite uses these for several causes; the system's error code distinguishes them. */
const vague = ['SQLITE_CANTOPEN', 'SQLITE_IOERR', 'SQLITE_READONLY', 'SQLITE_PERM'];

const storageCodes: ReadonlySet<string> = new Set(Object.values(codes));

/** Faults of a disk or of another process that uses the state, not of what was to be written. */
export const isStorageFault = (thrown: unknown): boolean =>
  thrown instanceof BlueGreenError && storageCodes.has(thrown.code);

/** Node has no name for it: "Unknown system error -122". */
const unnamedQuota = -122;

interface Said {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly path?: string;
}

/** Undefined when the disk is not the cause. `path`: what was read or written, where the error itself does not say. */
export function storageFault(thrown: unknown, path?: string): BlueGreenError | undefined {
  if (thrown instanceof BlueGreenError) return undefined;
  const { code: said = '', errno, path: own } = (thrown ?? {}) as Said;
  const raw = errno === unnamedQuota ? 'EDQUOT' : said;
  const name = String(raw).startsWith('SQLITE_') ? String(raw).split('_').slice(0, 2).join('_') : String(raw);
  const known = codes[name];
  const where = path ?? own;
  if (known === undefined) return undefined;
  const code = vague.includes(name) && where !== undefined ? (causeAt(where) ?? known) : known;
  const sentence = sentences[code](where ?? 'a file', messageOf(thrown));
  return new BlueGreenError(code, sentence, { path: where, cause: raw }, thrown);
}

function causeAt(file: string): StorageCode | undefined {
  try {
    accessSync(dirname(file), constants.R_OK | constants.W_OK | constants.X_OK);
    closeSync(openSync(file, 'r+'));
  } catch (thrown) {
    const cause = codes[String((thrown as NodeJS.ErrnoException).code)];
    if (cause !== undefined) return cause;
  }
  const limit = largestFile();
  if (limit !== undefined && [file, `${file}-wal`].some((path) => sizeOf(path) + scarceBytes > limit))
    return 'file-too-large';
  if ((freeBytes(file) ?? Number.POSITIVE_INFINITY) < scarceBytes || hasNoInode(file)) return 'disk-full';
  return probe(dirname(file));
}

/** SQLite does not report what the system said, a used up quota for example: writing a file shows it again. */
function probe(folder: string): StorageCode | undefined {
  const path = join(folder, `disk-probe.${process.pid}.tmp`);
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      writeSync(file, Buffer.alloc(scarceBytes, 1));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return undefined;
  } catch (thrown) {
    const { code, errno } = thrown as Said;
    return codes[errno === unnamedQuota ? 'EDQUOT' : String(code)];
  } finally {
    rmSync(path, { force: true });
  }
}

/** What RLIMIT_FSIZE allows this process, in bytes; undefined without a limit. */
function largestFile(): number | undefined {
  try {
    const [, soft] = /^Max file size\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const sentences: Readonly<Record<StorageCode, (where: string, said: string) => string>> = {
  'disk-full': (where) =>
    hasNoInode(where)
      ? `the disk of ${where} takes no new file (all its inodes are used${left(where, ', ')}): remove files that nothing needs`
      : `the disk of ${where} is full${left(where)}: free at least ${wantedMegabytes} MB`,
  'disk-read-only': (where) => `${where} is read-only: it cannot be written`,
  'disk-error': (where, said) => `the disk failed at ${where}: ${said}`,
  'file-too-large': (where) =>
    `this process may write no file larger than ${largestFile() ?? 'its limit'} bytes, and ${where} is as large`,
  'no-permission': (where, said) => `this user (uid ${process.getuid?.() ?? 'unknown'}) may not use ${where}: ${said}`,
  'too-many-files': (where) => `this process may open no more files: ${where} could not be opened`,
  'state-locked': (where) => `${where} is being written by another process, which does not end`,
};

function left(where: string, after?: string): string {
  const bytes = freeBytes(where);
  if (bytes === undefined) return '';
  const megabytes = `${(bytes / (1 << 20)).toFixed(1)} MB left`;
  return after === undefined ? ` (${megabytes})` : `${after}${megabytes}`;
}

/** A file system that makes its inodes as it needs them counts none. */
function hasNoInode(path: string): boolean {
  const found = systemOf(path);
  return found !== undefined && found.files > 0 && found.ffree === 0;
}

/** Of the file system that `path` is or would be on. */
function freeBytes(path: string): number | undefined {
  const found = systemOf(path);
  // What is on no disk (`/proc`) has no blocks at all.
  return found === undefined || found.blocks === 0 ? undefined : found.bsize * found.bavail;
}

function systemOf(path: string): StatsFs | undefined {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      return statfsSync(folder);
    } catch {
      if (folder === dirname(folder)) return undefined;
    }
  }
}
