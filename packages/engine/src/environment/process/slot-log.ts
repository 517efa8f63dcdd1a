// A slot's log: the service writes it, the engine only adds the lines that say where each start begins.

import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SlotPlace } from '../environment.ts';
import { lastLines } from '../tail.ts';
import { rotateIfTooLarge } from './log-rotation.ts';
import { logFileOf, type Room } from './room.ts';
import { mask, secretValues } from './secrets.ts';

const quotedLines = 20;

export interface Beginning {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly launch: string;
}

/** Writes the line by which this start is found in the log, and returns it. */
export async function beginLog(room: Room, place: SlotPlace, start: Beginning & { maxBytes: number }): Promise<string> {
  const file = logFileOf(room, place);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  await rotateIfTooLarge(file, start.maxBytes);
  const time = new Date(start.startedAt).toISOString();
  const line = `--- starting ${start.version} in ${place.slot} on port ${place.port} at ${time} (${start.launch}) ---`;
  appendFileSync(file, `${endsInsideLine(file) ? '\n' : ''}${line}\n`, { mode: 0o600 });
  return line;
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
  quote: { envFiles: readonly string[]; after?: string },
): readonly string[] {
  const lines = lastLines(logFileOf(room, place), quotedLines);
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
