// A disk that cannot take or give what is asked is no damage. Each cause has a code, a sentence and a remedy of its own.

import { accessSync, closeSync, constants, openSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { BlueGreenError, type ErrorCode, messageOf } from './errors.ts';

type StorageCode = Extract<
  ErrorCode,
  'disk-full' | 'disk-read-only' | 'disk-error' | 'no-permission' | 'too-many-files' | 'state-locked'
>;

const wantedMegabytes = 32;
/** With less than this left, a file system refuses whole operations under other names. */
const scarceBytes = 128 << 10;

const codes: Readonly<Record<string, StorageCode>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  SQLITE_FULL: 'disk-full',
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

/** SQLite uses these for several causes; the system tells them apart. */
const vague = ['SQLITE_CANTOPEN', 'SQLITE_IOERR', 'SQLITE_READONLY', 'SQLITE_PERM'];

const storageCodes: ReadonlySet<string> = new Set(Object.values(codes));

/** What a disk, or another process at the state, is to blame for; not what was to be written. */
export const isStorageFault = (thrown: unknown): boolean =>
  thrown instanceof BlueGreenError && storageCodes.has(thrown.code);

/** Undefined when the disk is not the cause. `path`: what was read or written, where the error itself does not say. */
export function storageFault(thrown: unknown, path?: string): BlueGreenError | undefined {
  if (thrown instanceof BlueGreenError) return undefined;
  const { code: raw = '', path: own } = (thrown ?? {}) as { code?: unknown; path?: string };
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
  return (freeBytes(file) ?? Number.POSITIVE_INFINITY) < scarceBytes ? 'disk-full' : undefined;
}

const sentences: Readonly<Record<StorageCode, (where: string, said: string) => string>> = {
  'disk-full': (where) => `the disk of ${where} is full${left(where)}: free at least ${wantedMegabytes} MB`,
  'disk-read-only': (where) => `${where} is read-only: it cannot be written`,
  'disk-error': (where, said) => `the disk failed at ${where}: ${said}`,
  'no-permission': (where, said) => `this user (uid ${process.getuid?.() ?? 'unknown'}) may not use ${where}: ${said}`,
  'too-many-files': (where) => `this process may open no more files: ${where} could not be opened`,
  'state-locked': (where) => `${where} is being written by another process, which does not end`,
};

function left(where: string): string {
  const bytes = freeBytes(where);
  return bytes === undefined ? '' : ` (${(bytes / (1 << 20)).toFixed(1)} MB left)`;
}

/** Of the file system that `path` is or would be on. */
function freeBytes(path: string): number | undefined {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      const { bsize, blocks, bavail } = statfsSync(folder);
      // What is on no disk (`/proc`) has no blocks at all.
      return blocks === 0 ? undefined : bsize * bavail;
    } catch {
      if (folder === dirname(folder)) return undefined;
    }
  }
}
