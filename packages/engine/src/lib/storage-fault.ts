// A disk that cannot take or give what is asked is no damage. Each cause has a code, a sentence and a cure of its own.

import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { BlueGreenError, type ErrorCode, messageOf } from './errors.ts';

type StorageCode = Extract<
  ErrorCode,
  'disk-full' | 'disk-read-only' | 'disk-error' | 'no-permission' | 'too-many-files'
>;

const neededMegabytes = 32;
const scarceBytes = 256 << 10;

const codes: Readonly<Record<string, StorageCode>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  SQLITE_FULL: 'disk-full',
  EROFS: 'disk-read-only',
  SQLITE_READONLY: 'disk-read-only',
  EIO: 'disk-error',
  SQLITE_IOERR: 'disk-error',
  EACCES: 'no-permission',
  EPERM: 'no-permission',
  SQLITE_PERM: 'no-permission',
  SQLITE_CANTOPEN: 'no-permission',
  EMFILE: 'too-many-files',
  ENFILE: 'too-many-files',
};

/** Undefined when the disk is not the cause. `path`: what was read or written, where the error itself does not say. */
export function storageFault(thrown: unknown, path?: string): BlueGreenError | undefined {
  if (thrown instanceof BlueGreenError) return undefined;
  const raw = String((thrown as { code?: unknown } | undefined)?.code ?? '');
  const code = codes[raw] ?? codes[raw.split('_').slice(0, 2).join('_')];
  if (code === undefined) return undefined;
  const where = path ?? (thrown as { path?: string }).path ?? 'a file';
  const proved = code === 'disk-error' && isScarce(where) ? 'disk-full' : code;
  return new BlueGreenError(proved, sentences[proved](where, messageOf(thrown)), { path: where, cause: raw }, thrown);
}

const sentences: Readonly<Record<StorageCode, (where: string, said: string) => string>> = {
  'disk-full': (where) =>
    `the disk of ${where} is full (${freeMegabytes(where)} MB left): free at least ${neededMegabytes} MB`,
  'disk-read-only': (where) => `${where} is read-only: it cannot be written`,
  'disk-error': (where, said) => `the disk failed at ${where}: ${said}`,
  'no-permission': (where, said) => `this user (uid ${process.getuid?.() ?? '?'}) may not use ${where}: ${said}`,
  'too-many-files': (where) => `this process may open no more files: ${where} was not opened`,
};

/** SQLite says "I/O error" where its shared memory or journal finds no room. */
const isScarce = (where: string): boolean => freeBytes(where) < scarceBytes;
const freeMegabytes = (where: string): string => (freeBytes(where) / (1 << 20)).toFixed(1);

function freeBytes(path: string): number {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      const { bsize, bavail } = statfsSync(folder);
      return bsize * bavail;
    } catch {
      if (folder === dirname(folder)) return Number.POSITIVE_INFINITY;
    }
  }
}
