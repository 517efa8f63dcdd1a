// A slot's log: a writer writes the service's output, the engine only adds the lines that mark where each start begins.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import type { InstancePlace } from '../environment.ts';
import { appendStart, type Quote, quoteLines, type Start, startLine } from '../log-lines.ts';
import { cutPlainLog, fitPieces } from '../log-pieces.ts';
import { drained, ensureWriter, hasReader, pipeOf } from './log-pipe.ts';
import { logFileOf, placeFields, type Room } from './room.ts';

/** Writes the line that marks this start in the log, and returns it. A full disk does not stop a start. */
export async function beginLog(room: Room, place: InstancePlace, start: Start & { maxBytes: number }): Promise<string> {
  const file = logFileOf(room, place);
  await drained(file, room.clock);
  const line = startLine(place, start);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    fitPieces(file, start.maxBytes);
    appendStart(file, line);
  } catch (thrown) {
    room.log.warn({ ...placeFields(place), problem: messageOf(thrown) }, 'the log of a slot cannot be written');
  }
  return line;
}

/** Starts a writer where one has ended. A service of an earlier version writes into its file itself: it is cut. */
export async function boundLog(room: Room, place: InstancePlace, maxBytes: number): Promise<void> {
  const file = logFileOf(room, place);
  try {
    if (hasReader(pipeOf(file))) await ensureWriter(file, maxBytes);
    else cutPlainLog(file, maxBytes);
  } catch (thrown) {
    room.log.warn({ ...placeFields(place), problem: messageOf(thrown) }, 'the log of a slot cannot be bounded');
  }
}

/** The last lines of the last start, without secrets. */
export function quoteLog(room: Room, place: InstancePlace, quote: Quote): readonly string[] {
  return quoteLines(logFileOf(room, place), quote);
}
