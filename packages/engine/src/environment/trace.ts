// One request's lines in the logs of the processes that it passed. Logs are large: only the last part of each is read.

import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { TailOptions } from './tail.ts';

export interface TracedLine {
  /** `balancer`, `blue` or `green`; where a slot has several instances, `blue 2`. */
  readonly source: string;
  readonly file: string;
  readonly line: string;
  /** Epoch ms, where the line says when it was written. */
  readonly at: number | undefined;
}

export interface TraceReport {
  /** In the order of their times; lines that name none come last, in the order of their files. */
  readonly lines: readonly TracedLine[];
  /** Files that were searched. */
  readonly files: readonly string[];
  /** Files of which only the last part was read, or where there were more lines than are shown. */
  readonly cutOff: readonly string[];
}

export interface SearchedLog {
  readonly source: string;
  /** Of a log that is no file, what shows it. */
  readonly file: string;
  /** Of a log that is no file. */
  readonly lines?: (options: TailOptions) => AsyncIterable<string>;
}

export interface TraceRequest {
  readonly id: string;
  readonly logs: readonly SearchedLog[];
  readonly signal?: AbortSignal;
}

const maxBytesPerFile = 64 << 20;
const maxLinesPerFile = 200;
const maxLineChars = 2_000;
const mostStreamedLines = 100_000;
/** A log and the copies that rotation left next to it. */
const ages = ['.3', '.2', '.1', ''];

/** The form of an id that a balancer accepts from a client; the search accepts no other. */
export const isRequestId = (text: string): boolean => /^[A-Za-z0-9._-]{1,128}$/.test(text);

export async function traceRequest({ id, logs, signal }: TraceRequest): Promise<TraceReport> {
  const lines: TracedLine[] = [];
  const files: string[] = [];
  const cutOff: string[] = [];
  for (const { source, file, lines: stream } of logs) {
    if (stream) {
      files.push(file);
      const found = await linesIn(
        id,
        stream({ lines: mostStreamedLines, follow: false, ...(signal ? { signal } : {}) }),
      );
      if (found.length === maxLinesPerFile) cutOff.push(file);
      lines.push(...found.map((line) => ({ source, file, line, at: timeOf(line) })));
      continue;
    }
    for (const age of ages) {
      const path = `${file}${age}`;
      const size = statSync(path, { throwIfNoEntry: false })?.size;
      if (size === undefined) continue;
      files.push(path);
      const found = await linesWith(id, path, { start: Math.max(0, size - maxBytesPerFile), signal });
      if (size > maxBytesPerFile || found.length === maxLinesPerFile) cutOff.push(path);
      lines.push(...found.map((line) => ({ source, file: path, line, at: timeOf(line) })));
    }
  }
  return { lines: lines.toSorted(byTime), files, cutOff };
}

async function linesWith(
  id: string,
  path: string,
  { start, signal }: { readonly start: number; readonly signal: AbortSignal | undefined },
): Promise<readonly string[]> {
  const input = createReadStream(path, { start });
  try {
    return await linesIn(id, createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }), signal);
  } finally {
    input.destroy();
  }
}

async function linesIn(id: string, lines: AsyncIterable<string>, signal?: AbortSignal): Promise<readonly string[]> {
  const whole = new RegExp(`(?<![A-Za-z0-9._-])${id.replaceAll('.', '\\.')}(?![A-Za-z0-9._-])`);
  const found: string[] = [];
  for await (const line of lines) {
    if (signal?.aborted) break;
    if (!line.includes(id) || !whole.test(line)) continue;
    found.push(line.slice(0, maxLineChars));
    if (found.length === maxLinesPerFile) break;
  }
  return found;
}

/** ISO 8601 near the line's beginning, as text or in JSON; or one of its first words is seconds or ms since the epoch. */
function timeOf(line: string): number | undefined {
  const begin = line.slice(0, 200);
  const iso = /\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?/.exec(begin)?.[0];
  const text = iso?.replace(' ', 'T').replace(',', '.');
  if (text !== undefined) return Number.isNaN(Date.parse(text)) ? undefined : Date.parse(text);
  const epoch = /(?:^|\s|"time":\s*)(1\d{9})(?:(\d{3})|\.(\d{1,6}))?(?=[\s,}]|$)/.exec(begin);
  if (!epoch) return undefined;
  const [, seconds, millis, fraction] = epoch;
  return Math.round(Number(seconds) * 1000 + Number(millis ?? 0) + Number(`0.${fraction ?? 0}`) * 1000);
}

function byTime(left: TracedLine, right: TracedLine): number {
  return (left.at ?? Number.POSITIVE_INFINITY) - (right.at ?? Number.POSITIVE_INFINITY) || 0;
}
