// The lines of a slot's log: the one that the engine writes before each start, and the service's own after it.

import { appendFileSync, closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { InstancePlace, SlotPlace } from './environment.ts';
import { mask, secretValues } from './secrets.ts';
import { lastLines } from './tail.ts';

export interface Start {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly launch: string;
}

export function startLine({ slot, port }: SlotPlace, { version, startedAt, launch }: Start): string {
  return `--- starting ${version} in ${slot} on port ${port} at ${new Date(startedAt).toISOString()} (${launch}) ---`;
}

const marker = /^--- starting \S+ in (?:blue|green) on port \d+ at \S+ \([0-9a-f]{12}\.[0-9a-f-]{36}\) ---$/;

export function appendStart(file: string, line: string): void {
  appendFileSync(file, `${endsInsideLine(file) ? '\n' : ''}${line}\n`, { mode: 0o600 });
}

export interface Quote {
  readonly envFiles: readonly string[];
  /** The line of a start that wrote more than is read here. */
  readonly after?: string;
  readonly lines?: number;
}

const quotedLines = 20;

/** The last lines of the last start, without secrets. A line of the engine is never quoted as the service's own. */
export function quoteLines(file: string, quote: Quote): readonly string[] {
  const lines = lastLines(file, quote.lines ?? quotedLines);
  const start = lines.findLastIndex((line) => line === quote.after || marker.test(line));
  const ours = lines.slice(start + 1);
  return mask(ours, secretValues(quote.envFiles));
}

/** A share of the lines for each instance; with several, each line begins with the number of its instance. */
export function quoteInstances(
  places: readonly InstancePlace[],
  most: number,
  quote: (place: InstancePlace, lines: number) => readonly string[],
): readonly string[] {
  const lines = Math.max(1, Math.floor(most / places.length));
  const quoted = places.flatMap((each) => {
    const its = quote(each, lines);
    return each.instance === undefined ? its : its.map((line) => `[${each.instance}] ${line}`);
  });
  return quoted.slice(0, most);
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
