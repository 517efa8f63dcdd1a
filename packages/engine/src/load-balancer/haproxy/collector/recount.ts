// A process that restarts counts what the one before it wrote into the access log: a kill or an update loses only the
// answers of the last moments, which had not been written yet.

import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { LineReader } from './lines.ts';

export interface Recount {
  readonly accessLog: string;
  /** Its last change is the last comparison with HAProxy's own totals. */
  readonly counted: string;
  readonly now: number;
  /** Of lines that the last comparison knows, and of those after it. */
  readonly readers: Readonly<Record<'compared' | 'later', LineReader>>;
  /** Called before each line with its time, epoch ms. */
  readonly at: (ms: number) => void;
}

const maxBytes = 16 << 20;
const longestAgoMs = 3_600_000;

export function recount({ accessLog, counted, now, readers, at }: Recount): void {
  const comparedAt = statSync(counted, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
  const present = tailOf(accessLog, maxBytes);
  const before = tailOf(`${accessLog}.1`, maxBytes - present.length);
  for (const bytes of [before, present])
    for (const line of linesOf(bytes)) {
      const ms = secondOf(line) * 1_000;
      if (!(ms > now - longestAgoMs && ms <= now)) continue;
      at(ms);
      // A time in the log is a second's beginning, and may be the comparison's own second.
      readers[ms >= Math.floor(comparedAt / 1_000) * 1_000 ? 'later' : 'compared'].take(line);
    }
}

/** From its first whole line on. */
function tailOf(path: string, most: number): Buffer {
  if (most <= 0 || statSync(path, { throwIfNoEntry: false }) === undefined) return Buffer.alloc(0);
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, most));
    const read = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.subarray(size > most ? bytes.indexOf(10) + 1 : 0, read);
  } finally {
    closeSync(file);
  }
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(10, from) + 1;
    if (end === 0) return;
    yield bytes.subarray(from, end);
    from = end;
  }
}

/** The second word. */
function secondOf(line: Buffer): number {
  const from = line.indexOf(32) + 1;
  return Number.parseInt(line.toString('latin1', from, from + 11), 10);
}
