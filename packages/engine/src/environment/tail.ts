// Reading a log from its end, and following it. A log is rotated by copy and truncate: `<file>.1` is then the copy of what
// was in the file, so a follower first reads there what it had not seen yet.

import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { type Clock, pause, systemClock } from '../lib/clock.ts';
import { isMissing } from '../lib/files.ts';

export interface TailOptions {
  /** How many of the last lines to begin with. */
  readonly lines: number;
  /** Go on with what is written later, until `signal` aborts. A file that does not exist yet is waited for. */
  readonly follow: boolean;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

const pollMs = 200;
const chunkBytes = 64 << 10;
/** How far back the last lines are looked for. */
const maxTailBytes = 4 << 20;
/** A longer line is given in parts of this length. */
const maxLineBytes = 64 << 10;

/** Whole lines without their ends, oldest first. Ends quietly when `signal` aborts. */
export async function* tailLog(file: string, options: TailOptions): AsyncGenerator<string, void, void> {
  const { lines, follow, signal, clock = systemClock } = options;
  if (!follow) return yield* lastLines(file, lines);
  const copy = inode(`${file}.1`);
  const end = readEnd(file, lines);
  yield* end.lines;
  // A last line without its end is not given before it is whole.
  let place: Place = { position: end.position, copy, copyWasRead: false, rest: end.rest };
  while (!signal?.aborted) {
    const { more, next } = readOn(file, place);
    yield* more;
    place = next;
    if (more.length === 0) await pause(clock, pollMs, signal);
  }
}

/** The last lines of a file now; none when there is no file. */
export function lastLines(file: string, count: number): readonly string[] {
  const { lines, rest } = readEnd(file, count);
  return (rest.length > 0 ? [...lines, rest.toString('utf8')] : lines).slice(-count);
}

interface Place {
  readonly position: number;
  /** Which file `<file>.1` was at the last look: another one means that the log was rotated since. */
  readonly copy: number | undefined;
  readonly copyWasRead: boolean;
  /** The beginning of a line whose end is not written yet. */
  readonly rest: Buffer;
}

interface Step {
  readonly more: readonly string[];
  readonly next: Place;
}

function readOn(file: string, place: Place): Step {
  const copy = inode(`${file}.1`);
  if (copy !== place.copy) return readCopy(file, place, copy);
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  // Shorter without a copy: somebody emptied it by hand.
  return readFile(file, size < place.position ? { ...place, position: 0 } : place);
}

/** The new file begins after a pause in which the copy gave nothing more: by then it has certainly been truncated. */
function readCopy(file: string, place: Place, copy: number | undefined): Step {
  const step = readFile(`${file}.1`, place);
  if (step.next.position > place.position) return step;
  if (!place.copyWasRead) return { more: step.more, next: { ...place, copyWasRead: true } };
  return { more: step.more, next: { ...place, position: 0, copy, copyWasRead: false } };
}

function readFile(file: string, place: Place): Step {
  const bytes = readFrom(file, place.position, maxTailBytes);
  const { lines, rest } = splitLines(Buffer.concat([place.rest, bytes]));
  return { more: lines, next: { ...place, position: place.position + bytes.length, rest } };
}

interface End {
  readonly lines: readonly string[];
  readonly rest: Buffer;
  readonly position: number;
}

function readEnd(file: string, count: number): End {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let start = size;
  let bytes: Buffer = Buffer.alloc(0);
  while (start > 0 && size - start < maxTailBytes && countLineEnds(bytes) <= count) {
    const from = Math.max(0, start - chunkBytes);
    bytes = Buffer.concat([readFrom(file, from, start - from), bytes]);
    start = from;
  }
  const { lines, rest } = splitLines(bytes);
  return { lines: count === 0 ? [] : lines.slice(-count), rest, position: size };
}

function splitLines(bytes: Buffer): { readonly lines: readonly string[]; readonly rest: Buffer } {
  const lines: string[] = [];
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(10, start);
    const length = (end < 0 ? bytes.length : end) - start;
    if (length > maxLineBytes) {
      lines.push(bytes.toString('utf8', start, start + maxLineBytes));
      start += maxLineBytes;
    } else if (end < 0) {
      return { lines, rest: bytes.subarray(start) };
    } else {
      lines.push(bytes.toString('utf8', start, end).replace(/\r$/, ''));
      start = end + 1;
    }
  }
}

function countLineEnds(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}

function readFrom(file: string, position: number, limitBytes: number): Buffer {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const length = Math.min(limitBytes, Math.max(0, fstatSync(descriptor).size - position));
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
    } finally {
      closeSync(descriptor);
    }
  } catch (thrown) {
    if (isMissing(thrown)) return Buffer.alloc(0);
    throw thrown;
  }
}

function inode(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}
