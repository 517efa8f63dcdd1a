// Reads a log from its end, and follows it. A log is rotated by renaming: `<file>.1` to `<file>.3` are its earlier
// parts, and their text goes on from one to the next, in the middle of a line too.

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
/** How far back the last lines are searched. */
const maxTailBytes = 4 << 20;
/** A longer line is given in parts of this length. */
const maxLineBytes = 64 << 10;
/** From new to old. */
const ages = ['', '.1', '.2', '.3'];

/** Whole lines without their ends, oldest first. Ends quietly when `signal` aborts. */
export async function* tailLog(file: string, options: TailOptions): AsyncGenerator<string, void, void> {
  const { lines, follow, signal, clock = systemClock } = options;
  if (!follow) return yield* lastLines(file, lines);
  const end = readEnd(file, lines);
  yield* end.lines;
  // A last line without its end is not given before it is whole.
  let place: Place = { inode: end.inode, position: end.position, rest: end.rest };
  while (!signal?.aborted) {
    const { more, next } = readOn(file, place);
    yield* more;
    const moved = next.inode !== place.inode || next.position !== place.position;
    place = next;
    if (!moved) await pause(clock, pollMs, signal);
  }
}

/** The last lines of a log now; none when there is none. */
export function lastLines(file: string, count: number): readonly string[] {
  const { lines, rest } = readEnd(file, count);
  return (rest.length > 0 ? [...lines, rest.toString('utf8')] : lines).slice(-count);
}

interface Place {
  /** Of the file that was read last; undefined while there is none. */
  readonly inode: number | undefined;
  readonly position: number;
  /** The beginning of a line whose end is not written yet. */
  readonly rest: Buffer;
}

interface Step {
  readonly more: readonly string[];
  readonly next: Place;
}

/** What is new in the file that was read last, under whatever name it has now; then the one that follows it. */
function readOn(file: string, place: Place): Step {
  const age = ages.findIndex((suffix) => place.inode !== undefined && inode(`${file}${suffix}`) === place.inode);
  const wait: Step = { more: [], next: place };
  const beginning = { ...place, inode: undefined, position: 0 };
  if (age < 0) return readPiece(`${file}${ages[oldest(file)]}`, beginning) ?? wait;
  const step = readPiece(`${file}${ages[age]}`, place) ?? wait;
  if (age === 0 || step.next.position !== place.position) return step;
  return readPiece(`${file}${ages[age - 1]}`, beginning) ?? wait;
}

/** A follower that was overtaken goes on with the oldest file that is left; one without a file waits for the log. */
function oldest(file: string): number {
  return Math.max(
    0,
    ages.findLastIndex((suffix) => inode(`${file}${suffix}`) !== undefined),
  );
}

/** Undefined when the file was replaced. A file that is shorter than what was read has been emptied. */
function readPiece(path: string, place: Place): Step | undefined {
  return withFile(path, (descriptor) => {
    const { ino, size } = fstatSync(descriptor);
    if (place.inode !== undefined && ino !== place.inode) return undefined;
    const from = size < place.position ? 0 : place.position;
    const bytes = readAt(descriptor, from, Math.min(maxTailBytes, size - from));
    const { lines, rest } = splitLines(Buffer.concat([place.rest, bytes]));
    return { more: lines, next: { inode: ino, position: from + bytes.length, rest } };
  });
}

interface End {
  readonly lines: readonly string[];
  readonly rest: Buffer;
  readonly inode: number | undefined;
  readonly position: number;
}

function readEnd(file: string, count: number): End {
  let bytes: Buffer = Buffer.alloc(0);
  let newest: { readonly ino: number; readonly size: number } | undefined;
  const enough = (): boolean => bytes.length >= maxTailBytes || countLineEnds(bytes) > count;
  for (const suffix of ages) {
    if (enough()) break;
    withFile(`${file}${suffix}`, (descriptor) => {
      const { ino, size } = fstatSync(descriptor);
      newest ??= { ino, size };
      for (let start = size; start > 0 && !enough(); ) {
        const from = Math.max(0, start - chunkBytes);
        bytes = Buffer.concat([readAt(descriptor, from, start - from), bytes]);
        start = from;
      }
    });
  }
  const { lines, rest } = splitLines(bytes);
  return { lines: count === 0 ? [] : lines.slice(-count), rest, inode: newest?.ino, position: newest?.size ?? 0 };
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

function withFile<Result>(path: string, read: (descriptor: number) => Result): Result | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
  try {
    return read(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, length));
  return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, position));
}

function inode(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}
