// Lines added to a file that others read: on the disk when this returns, and never behind the half of a line.

import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';

/** The file is opened each time, so that another process can rename it and start a new one. */
export function appendDurably(path: string, lines: string): void {
  const file = openSync(path, 'a+', 0o600);
  try {
    const { size } = fstatSync(file);
    const last = Buffer.alloc(1);
    if (size > 0) readSync(file, last, 0, 1, size - 1);
    // A process that was killed while it wrote left a part of a line: the new text begins a new line.
    const bytes = Buffer.from(size > 0 && last[0] !== 0x0a ? `\n${lines}` : lines);
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
