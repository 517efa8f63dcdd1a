// Files that survive a power cut: written under another name, synced, renamed, and the folder synced.

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { mostParts, releaseReserve } from './reserve.ts';
import { storageFault } from './storage-fault.ts';

/**
 * Replaces `path` atomically: a reader sees the old content or the new, never a part. Creates the folder if needed. The
 * file has this mode under every umask: a load balancer of another account may have to read it.
 */
export function writeFileAtomic(path: string, content: string, mode = 0o600): void {
  withRoomFor(path, () => replaceFile(path, content, mode));
}

/** On a full disk, releases the reserve of the state. @throws BlueGreenError of `storageFault`, with the path */
export function withRoomFor(path: string, write: () => void): void {
  for (let partsLeft = mostParts; ; partsLeft -= 1) {
    try {
      write();
      return;
    } catch (thrown) {
      const fault = storageFault(thrown, path);
      if (fault?.code !== 'disk-full' || partsLeft === 0 || !releaseReserve(path)) throw fault ?? thrown;
    }
  }
}

function replaceFile(path: string, content: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const file = openSync(temporary, 'wx', mode);
    try {
      fchmodSync(file, mode);
      writeWhole(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw thrown;
  }
  syncFolder(dirname(path));
}

/** The content of `path`, or undefined when there is no such file. */
export function readFileIfAny(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

export function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** On disk when it returns, but written in place: for a file that no process reads yet. Its folder must exist. */
export function writeFileSynced(path: string, content: string, mode = 0o600): void {
  withRoomFor(path, () => {
    const file = openSync(path, 'w', mode);
    try {
      writeWhole(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  });
}

/** A disk that is nearly full takes a part and says so only by the number that it returns. */
function writeWhole(file: number, content: string): void {
  const bytes = Buffer.from(content);
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}
