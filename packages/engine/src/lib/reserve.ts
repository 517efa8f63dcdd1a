// A file of real blocks in the state folder. On a full disk it is released part by part, each to the write that needs
// it, so that a rollback has room and a service that fills the disk does not get all of it. A second one is never
// released: it becomes the log of the state.

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fdatasyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { copiesOnWrite, makeWrittenInPlace } from './copy-on-write.ts';
import { hasCode } from './errors.ts';

const reserveName = 'disk-reserve';
/** Becomes the log of a database whole, so that no other process can take its blocks. */
const logReserveName = 'disk-reserve-log';
const logShare = 1 / 4;
/** With less a disk counts as full. */
const fullBytes = 1 << 20;
const largestBytes = 8 << 20;
const stepBytes = 256 << 10;
/** Of the file system: a small one does not lose a large part to it. */
const largestShare = 1 / 16;
/** It is made only where several times its size are left. */
const plenty = 4;
/** One write needs far less than so many parts. */
export const mostParts = 4;
/** The files of a state are at most this many folders below it. */
const maxLevels = 8;

/** Makes or completes the reserve where the disk has room for it. Never throws: it is a precaution. */
export function retainReserve(stateFolder: string): void {
  try {
    const bytes = wholeBytes(stateFolder);
    retain(join(stateFolder, logReserveName), Math.floor(bytes * logShare));
    retain(join(stateFolder, reserveName), bytes);
  } catch {
    // Without room or permission there is no reserve; what needs the disk next says why.
  }
}

function retain(file: string, bytes: number): void {
  const { bsize, bavail } = statfsSync(dirname(file));
  if ((sizeOf(file) ?? 0) >= bytes || bsize * bavail < plenty * bytes) return;
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    // A log is written where its blocks are; the other one only has to be given back.
    if (file.endsWith(logReserveName)) makeWrittenInPlace(temporary);
    fill(temporary, bytes);
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * On a full disk, makes a part of the reserve the write-ahead log of a database that no process has open. SQLite finds no log in random
 * bytes, and writes over them. False where there is room, a log, or no reserve.
 */
export function lendLog(database: string): boolean {
  const reserve = join(dirname(database), logReserveName);
  try {
    const { bsize, bavail } = statfsSync(dirname(database));
    if (bsize * bavail > fullBytes) return false;
    // Never over a log that exists.
    linkSync(reserve, `${database}-wal`);
    rmSync(reserve);
    return true;
  } catch {
    return false;
  }
}

/** Random bytes: a file system that compresses or leaves out zeros would reserve nothing. Its content need not last. */
function fill(path: string, bytes: number): void {
  const file = openSync(path, 'w', 0o600);
  try {
    const chunk = randomBytes(stepBytes);
    // It releases an extent as a whole only, so that each part has to be one.
    const inExtents = copiesOnWrite(dirname(path));
    for (let left = bytes; left > 0; ) {
      left -= writeSync(file, chunk, 0, Math.min(left, stepBytes));
      if (inExtents) fdatasyncSync(file);
    }
  } finally {
    closeSync(file);
  }
}

function wholeBytes(stateFolder: string): number {
  const { bsize, blocks } = statfsSync(stateFolder);
  return Math.min(largestBytes, Math.floor(bsize * blocks * largestShare));
}

/**
 * Releases a part of the reserve of the state that `path` belongs to. `observation`: only of its first half, so that
 * frequent observations leave enough for what people decide. False when there is nothing to release.
 */
export function releaseReserve(path: string, use: 'decision' | 'observation' = 'decision'): boolean {
  let folder = path;
  for (let level = 0; level < maxLevels && folder !== dirname(folder); level += 1) {
    const file = join(folder, reserveName);
    const bytes = sizeOf(file);
    if (bytes !== undefined) return shorten(file, bytes, use === 'decision' ? 0 : wholeBytes(folder) / 2);
    folder = dirname(folder);
  }
  return false;
}

/** What another process writes for the state: tried again with a part of the reserve when its disk is full. */
export async function withReserve<T>(path: string, work: () => Promise<T>): Promise<T> {
  for (let partsLeft = mostParts; ; partsLeft -= 1) {
    try {
      return await work();
    } catch (thrown) {
      if (!hasCode(thrown, 'disk-full') || partsLeft === 0 || !releaseReserve(path)) throw thrown;
    }
  }
}

function shorten(file: string, bytes: number, leastBytes: number): boolean {
  try {
    if (bytes <= leastBytes) return false;
    truncateSync(file, Math.max(0, bytes - stepBytes));
    return true;
  } catch {
    return false;
  }
}

/** Undefined when there is no such file, or it may not be read. */
function sizeOf(file: string): number | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false })?.size;
  } catch {
    return undefined;
  }
}
