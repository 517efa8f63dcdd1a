// Counts from nginx's own log, read in chunks on each query, so that nothing runs in between. The file is the memory:
// an engine that restarts reads what is retained of it, and knows the same numbers as the engine before.

import { closeSync, fstatSync, ftruncateSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import type { FailedRequest } from '../../domain/failed-request.ts';
import type { Traffic } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import type { Clock } from '../../lib/clock.ts';
import { poll } from '../../lib/poll.ts';
import { type Counters, createCounters } from '../counting/counters.ts';
import { parseLogLine } from './log-line.ts';

export interface AccessLog {
  /** Reads what was written since; one megabyte at a time, so that nothing else waits long. */
  catchUp(): Promise<void>;
  traffic(sinceMs: number): Traffic;
  failures(slot: SlotName, sinceMs: number): readonly FailedRequest[];
  /** Begins a new file when this one has grown large. Only one engine's process may do so. */
  rotate(reopen: (() => Promise<void>) | undefined): Promise<void>;
  close(): void;
}

/** A log that grew while no engine ran is read from here before its end; what came earlier counts as missed. */
const maxReadBytes = 64 << 20;
const maxFileBytes = 64 << 20;
const chunkBytes = 1 << 20;
/** For an estimate of how many lines were skipped. */
const usualLineBytes = 90;
/** Workers reopen the log within this time after the signal, unless they are stopped. */
const reopenWithinMs = 2_000;

interface Reader {
  file: number | undefined;
  offset: number;
  /** The begin of a line whose end was not written yet. */
  rest: Buffer;
  /** Second of the line that is being counted. */
  at: number | undefined;
}

export function createAccessLog(path: string, clock: Clock): AccessLog {
  const reader: Reader = { file: undefined, offset: 0, rest: Buffer.alloc(0), at: undefined };
  const counters = createCounters(() => reader.at ?? clock.now());
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const mine = queue.then(work);
    queue = mine.catch(() => undefined);
    return mine;
  };
  return {
    catchUp: () => inTurn(() => readOn(reader, counters, path, clock)),
    traffic: (sinceMs) => counters.traffic(sinceMs),
    failures: (slot, sinceMs) => counters.failures(slot, sinceMs),
    rotate: (reopen) => inTurn(() => rotate({ reader, counters, path, clock, reopen })),
    close: () => closeReader(reader),
  };
}

async function readOn(reader: Reader, counters: Counters, path: string, clock: Clock): Promise<void> {
  if (!openAtBegin(reader, counters, path)) return;
  await readToEnd(reader, counters, clock);
  if (isReplaced(reader, path)) {
    // Another process has rotated the log. What was still written to the old file has been read just now.
    closeReader(reader);
    if (openAtBegin(reader, counters, path)) await readToEnd(reader, counters, clock);
  }
}

function openAtBegin(reader: Reader, counters: Counters, path: string): boolean {
  if (reader.file !== undefined) return true;
  const file = openIfAny(path);
  if (file === undefined) return false;
  const skipped = Math.max(0, fstatSync(file).size - maxReadBytes);
  reader.file = file;
  reader.offset = skipped;
  reader.rest = Buffer.alloc(0);
  if (skipped > 0) counters.miss(Math.round(skipped / usualLineBytes));
  return true;
}

async function readToEnd(reader: Reader, counters: Counters, clock: Clock): Promise<void> {
  const { file } = reader;
  if (file === undefined) return;
  const size = fstatSync(file).size;
  if (size < reader.offset) reader.offset = 0; // shortened in place
  const chunk = Buffer.allocUnsafe(chunkBytes);
  for (let limit = size; reader.offset < limit; ) {
    const read = readSync(file, chunk, 0, Math.min(chunkBytes, limit - reader.offset), reader.offset);
    if (read === 0) return;
    reader.offset += read;
    countLines(reader, counters, chunk.subarray(0, read));
    if (reader.offset < limit) await clock.sleep(0);
  }
}

function countLines(reader: Reader, counters: Counters, chunk: Buffer): void {
  const text = Buffer.concat([reader.rest, chunk]);
  const end = text.lastIndexOf(10);
  reader.rest = Buffer.from(text.subarray(end + 1));
  if (end < 0) {
    // No line of ours is that long: something else has been written into the file.
    if (reader.rest.length > chunkBytes) reader.rest = Buffer.alloc(0);
    return;
  }
  for (const line of text.toString('latin1', 0, end).split('\n')) count(reader, counters, line);
}

function count(reader: Reader, counters: Counters, line: string): void {
  const parsed = parseLogLine(line);
  if (parsed.kind === 'unreadable') counters.miss(1);
  if (parsed.kind !== 'request') return;
  reader.at = parsed.request.endedMs;
  counters.record(parsed.request.slot, parsed.request.ending);
  reader.at = undefined;
}

async function rotate(options: {
  readonly reader: Reader;
  readonly counters: Counters;
  readonly path: string;
  readonly clock: Clock;
  readonly reopen: (() => Promise<void>) | undefined;
}): Promise<void> {
  const { reader, counters, path, clock, reopen } = options;
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) < maxFileBytes) return;
  await readOn(reader, counters, path, clock);
  if (reopen === undefined) return shorten(reader, counters, path);
  renameSync(path, `${path}.1`);
  await reopen();
  await poll(() => statSync(path, { throwIfNoEntry: false }), { clock, everyMs: 20, limitMs: reopenWithinMs });
  // Each worker writes what it still holds into the old file before it takes the new one.
  await clock.sleep(200);
  await readOn(reader, counters, path, clock);
}

/** What is written between the last read and the cut is lost; the size shows how much. */
function shorten(reader: Reader, counters: Counters, path: string): void {
  const file = openSync(path, 'r+');
  try {
    const unread = fstatSync(file).size - reader.offset;
    ftruncateSync(file, 0);
    if (unread > 0) counters.miss(Math.ceil(unread / usualLineBytes));
    reader.offset = 0;
    reader.rest = Buffer.alloc(0);
  } finally {
    closeSync(file);
  }
}

function isReplaced({ file }: Reader, path: string): boolean {
  const now = statSync(path, { throwIfNoEntry: false });
  return file !== undefined && now !== undefined && now.ino !== fstatSync(file).ino;
}

function openIfAny(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

function closeReader(reader: Reader): void {
  if (reader.file !== undefined) closeSync(reader.file);
  reader.file = undefined;
}
