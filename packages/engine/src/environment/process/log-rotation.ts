// Logs are rotated by copy and truncate: the service keeps its file open for append and never needs to be told.

import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';

/** `<log>.1` is the newest. */
const oldFiles = 3;
const chunkBytes = 1 << 20;

/**
 * Rotates the log when it is larger than `maxBytes`. A line written in the instant between the last read and the
 * truncation is lost, as with every copy and truncate; the copy is caught up in the same tick to keep that instant short.
 */
export async function rotateIfTooLarge(log: string, maxBytes: number): Promise<boolean> {
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) <= maxBytes) return false;
  const copy = `${log}.copy`;
  await copyFile(log, copy);
  const source = openSync(log, 'r+');
  const target = openSync(copy, 'a');
  try {
    for (let age = oldFiles - 1; age >= 1; age--) renameIfAny(`${log}.${age}`, `${log}.${age + 1}`);
    renameSync(copy, `${log}.1`);
    catchUp(source, target);
    ftruncateSync(source, 0);
  } finally {
    closeSync(source);
    closeSync(target);
    rmSync(copy, { force: true });
  }
  return true;
}

function catchUp(source: number, target: number): void {
  const chunk = Buffer.alloc(chunkBytes);
  let position = fstatSync(target).size;
  // Bounded, should a service write faster than it can be copied: it had its chance to be copied whole.
  for (let round = 0; round < 1000; round++) {
    const length = readSync(source, chunk, 0, chunkBytes, position);
    if (length === 0) return;
    writeSync(target, chunk, 0, length);
    position += length;
  }
}

function renameIfAny(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false })) renameSync(from, to);
}
