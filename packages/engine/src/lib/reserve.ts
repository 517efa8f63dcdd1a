// A file of real blocks in the state folder. When the disk is full it is given up, so that a rollback has room to be written.

import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

const reserveName = 'disk-reserve';
const largestBytes = 8 << 20;
const chunkBytes = 64 << 10;
/** A file of a state lies a few folders below it. */
const maxLevels = 8;

/** Makes the reserve when it is missing and the disk has several times its size left. Never throws: it is a precaution. */
export function keepReserve(stateFolder: string): void {
  const file = join(stateFolder, reserveName);
  try {
    if (existsSync(file)) return;
    const { bsize, blocks, bavail } = statfsSync(stateFolder);
    const bytes = Math.min(largestBytes, Math.floor((bsize * blocks) / 16));
    if (bsize * bavail < 4 * bytes) return;
    const beside = `${file}.${process.pid}.tmp`;
    try {
      fill(beside, bytes);
      renameSync(beside, file);
    } finally {
      rmSync(beside, { force: true });
    }
  } catch {
    // Without room or permission there is no reserve; whatever needs the disk next says why.
  }
}

/** Random bytes: a file system that compresses or leaves out zeros would reserve nothing. */
function fill(path: string, bytes: number): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    const chunk = randomBytes(chunkBytes);
    for (let left = bytes; left > 0; left -= chunkBytes) writeSync(file, chunk, 0, Math.min(left, chunkBytes));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Gives up the reserve of the state that `path` belongs to. False when there is none left. */
export function releaseReserve(path: string): boolean {
  let folder = path;
  for (let level = 0; level < maxLevels && folder !== dirname(folder); level += 1) {
    const file = join(folder, reserveName);
    try {
      if (existsSync(file)) {
        rmSync(file);
        return true;
      }
    } catch {
      return false;
    }
    folder = dirname(folder);
  }
  return false;
}
