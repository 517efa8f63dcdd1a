// A recording from its file. A file of another program, or one that was cut while it was written, is no fault of ours.

import { z } from 'zod';
import type { RecordedLook } from '../../../analysis/replay.ts';
import { confounderKinds } from '../../../domain/confounder.ts';
import type { RecordingHead } from '../../../domain/recording.ts';
import { readBounded } from '../../../lib/append-bounded.ts';

const count = z.number().int().nonnegative();
const side = z.object({
  requests: count,
  errors: count,
  wide: z.object({ requests: count, errors: count }).optional(),
  failing: count.optional(),
  times: z.array(z.tuple([z.number().nonnegative(), count])).optional(),
});
/** Of one look. */
const mostMarks = 50;
const verdict = z.enum(['Successful', 'Failed', 'Inconclusive', 'Error']);
const look = z.object({
  at: z.number(),
  percent: z.number(),
  tick: z.object({ ms: z.number().nonnegative(), stable: side, canary: side }),
  decided: verdict,
  compared: verdict,
  marks: z
    .array(z.object({ at: z.number(), kind: z.enum(confounderKinds), sentence: z.string().max(2_000) }))
    .max(mostMarks)
    .optional(),
});
const head = z.object({
  recording: z.literal(1),
  id: z.string().max(100),
  service: z.string().max(100),
  target: z.string().max(100),
  version: z.string().max(200),
});

export interface Recording {
  readonly head: RecordingHead;
  readonly looks: readonly RecordedLook[];
  /** Lines that are no look: a process that was killed leaves a half of one. */
  readonly unreadable: number;
}

/** Four times what is ever written. */
const mostBytes = 16 * 1024 * 1024;

/** @returns a sentence where it is no recording */
export function readRecording(path: string): Recording | string {
  const text = readBounded(path, mostBytes);
  if (text.problem !== undefined) return text.problem;
  const [first = '', ...rest] = text.found.split('\n').filter((line) => line !== '');
  const begun = head.safeParse(parsed(first));
  if (!begun.success) return `${path} is no recording of a canary: its first line is something else`;
  const looks = rest.map((line) => look.safeParse(parsed(line)));
  const readable = looks.flatMap(({ data }) => (data === undefined ? [] : [data]));
  return { head: begun.data, looks: readable, unreadable: looks.length - readable.length };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
