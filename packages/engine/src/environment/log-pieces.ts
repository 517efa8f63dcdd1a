// The files of a log: `<log>` and, from new to old, `<log>.1` to `<log>.3`. Their text goes on from one to the next, in the
// middle of a line too. This module bounds them where no writer does: files of an earlier version of this program.

import { closeSync, openSync, readSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';

const ages = [1, 2, 3] as const;
const files = 1 + ages.length;
const leastBytes = 1024;

/** How large each file of a log may become so that all of them together stay below the limit. */
export const pieceBytes = (maxLogBytes: number): number => Math.max(leastBytes, Math.floor(maxLogBytes / files));

/** Where no writer does: a full piece becomes `<log>.1`, and the oldest one is deleted. */
export function rotatePieces(log: string, maxLogBytes: number): void {
  if (sizeOf(log) < pieceBytes(maxLogBytes)) return;
  for (const age of ages.toReversed()) {
    const younger = age === 1 ? log : `${log}.${age - 1}`;
    if (sizeOf(younger) > 0) renameSync(younger, `${log}.${age}`);
  }
}

/** Runs before a writer begins: cuts what an earlier version or a larger limit left to the limit. The newest stays. */
export function fitPieces(log: string, maxLogBytes: number): void {
  const piece = pieceBytes(maxLogBytes);
  if (sizeOf(log) > piece) keepEnd(log, piece);
  let room = maxLogBytes - piece;
  for (const age of ages) {
    const old = `${log}.${age}`;
    if (sizeOf(old) > room) keepEnd(old, Math.min(room, piece));
    room -= sizeOf(old);
  }
}

/**
 * A service of an earlier version writes into its file itself. If the file is too large, its end is stored as
 * `<log>.1`, at most a quarter of the limit, and the rest is deleted from the disk at once.
 */
export function cutPlainLog(log: string, maxLogBytes: number): boolean {
  if (sizeOf(log) <= maxLogBytes) return false;
  for (const age of ages) rmSync(`${log}.${age}`, { force: true });
  const end = readEnd(log, pieceBytes(maxLogBytes));
  truncateSync(log);
  replace(`${log}.1`, end);
  return true;
}

function keepEnd(file: string, bytes: number): void {
  const end = readEnd(file, bytes);
  rmSync(file);
  replace(file, end);
}

/** On a full disk only lines are lost. */
function replace(file: string, content: Buffer): void {
  if (content.length === 0) return;
  const fresh = `${file}.copy`;
  try {
    writeFileSync(fresh, content, { mode: 0o600 });
    renameSync(fresh, file);
  } catch {
    rmSync(fresh, { force: true });
  }
}

function readEnd(file: string, bytes: number): Buffer {
  const from = Math.max(0, sizeOf(file) - Math.max(0, bytes));
  const content = Buffer.alloc(sizeOf(file) - from);
  const descriptor = openSync(file, 'r');
  try {
    return content.subarray(0, readSync(descriptor, content, 0, content.length, from));
  } finally {
    closeSync(descriptor);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
