// What a power loss leaves of the state when the disk had promised more than it wrote: the file, and its write-ahead log
// without its last part, or with a part of it that is not what was written.

import { closeSync, copyFileSync, existsSync, openSync, readFileSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export type Cut =
  /** The log ends where this frame (a page) begins; counted from the first one. */
  | { readonly kind: 'frames'; readonly left: number }
  /** So many frames are left and a half of the next one. */
  | { readonly kind: 'half a frame'; readonly left: number }
  /** The page of the next frame holds zeros, and all later frames are whole: writes reach a disk in any order. */
  | { readonly kind: 'a hole'; readonly left: number };

const headerBytes = 32;
const frameHeaderBytes = 24;
const parts = ['', '-wal'] as const;
const fileOf = (folder: string, part: string): string => join(folder, `state.sqlite${part}`);

/** The state as it is on the disk now, also while processes have it open. */
export function copyState(from: string, to: string): void {
  for (const part of [...parts, '-shm']) rmSync(fileOf(to, part), { force: true });
  for (const part of parts) if (existsSync(fileOf(from, part))) copyFileSync(fileOf(from, part), fileOf(to, part));
}

export interface Frame {
  readonly begin: number;
  /** The last frame of a transaction. */
  readonly isCommit: boolean;
}

/** The frames that count: those of the log's present round, as its salt says. */
export function framesOf(folder: string): readonly Frame[] {
  const path = fileOf(folder, '-wal');
  const log = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  if (log.length < headerBytes) return [];
  const frameBytes = frameHeaderBytes + log.readUInt32BE(8);
  const salt = log.subarray(16, 24);
  const frames: Frame[] = [];
  for (let begin = headerBytes; begin + frameBytes <= log.length; begin += frameBytes) {
    if (!log.subarray(begin + 8, begin + 16).equals(salt)) break;
    frames.push({ begin, isCommit: log.readUInt32BE(begin + 4) !== 0 });
  }
  return frames;
}

/** No process may have the state open. */
export function cutLog(folder: string, cut: Cut): void {
  const frames = framesOf(folder);
  const next = frames[cut.left];
  if (next === undefined) return;
  const path = fileOf(folder, '-wal');
  const pageBytes = (frames[1]?.begin ?? next.begin) - (frames[0]?.begin ?? 0) - frameHeaderBytes;
  if (cut.kind === 'frames') truncateSync(path, next.begin);
  else if (cut.kind === 'half a frame') truncateSync(path, next.begin + frameHeaderBytes + Math.floor(pageBytes / 2));
  else overwrite(path, next.begin + frameHeaderBytes, Buffer.alloc(pageBytes));
}

function overwrite(path: string, at: number, bytes: Buffer): void {
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

/** So many whole transactions are in that many frames. */
export const transactionsIn = (frames: readonly Frame[], left: number): number =>
  frames.slice(0, left).filter(({ isCommit }) => isCommit).length;
