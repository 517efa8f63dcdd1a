// A slot's log: a writer writes the service's output, the engine only adds the lines that mark where each start begins.

import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import type { SlotPlace } from '../environment.ts';
import { cutPlainLog, fitPieces } from '../log-pieces.ts';
import { mask, secretValues } from '../secrets.ts';
import { lastLines } from '../tail.ts';
import { drained, ensureWriter, hasReader, pipeOf } from './log-pipe.ts';
import { logFileOf, placeFields, type Room } from './room.ts';

const quotedLines = 20;

export interface Beginning {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly launch: string;
}

/** Writes the line that marks this start in the log, and returns it. A full disk does not stop a start. */
export async function beginLog(room: Room, place: SlotPlace, start: Beginning & { maxBytes: number }): Promise<string> {
  const file = logFileOf(room, place);
  await drained(file, room.clock);
  const time = new Date(start.startedAt).toISOString();
  const line = `--- starting ${start.version} in ${place.slot} on port ${place.port} at ${time} (${start.launch}) ---`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    fitPieces(file, start.maxBytes);
    appendFileSync(file, `${endsInsideLine(file) ? '\n' : ''}${line}\n`, { mode: 0o600 });
  } catch (thrown) {
    room.log.warn({ ...placeFields(place), problem: messageOf(thrown) }, 'the log of a slot cannot be written');
  }
  return line;
}

/** Starts a writer where one has ended. A service of an earlier version writes into its file itself: it is cut. */
export async function boundLog(room: Room, place: SlotPlace, maxBytes: number): Promise<void> {
  const file = logFileOf(room, place);
  try {
    if (hasReader(pipeOf(file))) await ensureWriter(file, maxBytes);
    else cutPlainLog(file, maxBytes);
  } catch (thrown) {
    room.log.warn({ ...placeFields(place), problem: messageOf(thrown) }, 'the log of a slot cannot be bounded');
  }
}

/** The line that the engine writes before each start. */
const marker = /^--- starting \S+ in (?:blue|green) on port \d+ at \S+ \([0-9a-f]{12}\.[0-9a-f-]{36}\) ---$/;

/**
 * The last lines of the last start, without secrets. A line of the engine is never quoted as the service's own. `after`: the
 * line of a start that wrote more than is read here.
 */
export function quoteLog(
  room: Room,
  place: SlotPlace,
  quote: { envFiles: readonly string[]; after?: string; lines?: number },
): readonly string[] {
  const lines = lastLines(logFileOf(room, place), quote.lines ?? quotedLines);
  const start = lines.findLastIndex((line) => line === quote.after || marker.test(line));
  const ours = lines.slice(start + 1);
  return mask(ours, secretValues(quote.envFiles));
}

function endsInsideLine(file: string): boolean {
  const descriptor = openSync(file, 'a+', 0o600);
  try {
    const { size } = fstatSync(descriptor);
    const last = Buffer.alloc(1);
    return size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 10;
  } finally {
    closeSync(descriptor);
  }
}
