// The model test with seeds that nobody has tried: as many sequences as the bar says, in as many processes as there are
// processors. What fails is printed with its seed and its shortest sequence, for test/model/kept.ts.

import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bars } from '../bars.ts';
import type { Figure, Measured } from '../figures.ts';

const run = promisify(execFile);
const acts = 30;
/** Of one process: many short ones say early what was found. */
const inOne = 250;
const limitMs = 600_000;

interface Ran {
  readonly found: { seed: number; path: string | null; shortest: string; error: string } | undefined;
  readonly counts: Readonly<Record<string, number>>;
}

interface Running {
  readonly say: (sentence: string) => void;
  readonly signal: AbortSignal;
  /** In all. */
  readonly sequences: number;
  /** It ends after so long, with as many sequences as were run by then. */
  readonly budgetMs: number | undefined;
}

export async function runModel({
  say,
  signal,
  sequences,
  budgetMs = Number.POSITIVE_INFINITY,
}: Running): Promise<Measured> {
  const began = performance.now();
  const leftMs = (): number => Math.min(limitMs, began + budgetMs - performance.now());
  const counts: Record<string, number> = {};
  const failures: Ran[] = [];
  let asked = 0;
  const worker = async (): Promise<void> => {
    while (asked < sequences && !signal.aborted && leftMs() > 0) {
      const share = Math.min(inOne, sequences - asked);
      asked += share;
      const seed = randomInt(2 ** 31 - 1);
      const ran = await runSome({ seed, sequences: share, limitMs: Math.ceil(leftMs()) }, signal);
      for (const [what, count] of Object.entries(ran.counts)) counts[what] = (counts[what] ?? 0) + count;
      if (ran.found) failures.push(ran);
      say(`seed ${seed}: ${counts.sequences ?? 0} sequences in all, ${failures.length} seeds that fail`);
      if (ran.found) say(sentenceOf(ran.found));
    }
  };
  await Promise.all(cpus().map(worker));
  const { sequences: done = 0, ...rest } = counts;
  const seconds = (performance.now() - began) / 1_000;
  say(
    Object.entries(rest)
      .toSorted(([, one], [, other]) => other - one)
      .map(([what, count]) => `${count} ${what}`)
      .join(', '),
  );
  return { figures: figuresOf({ done, seconds, failed: failures.length }), details: { counts, failures } };
}

interface Part {
  readonly seed: number;
  readonly sequences: number;
  readonly limitMs: number;
}

async function runSome({ seed, sequences, limitMs: partMs }: Part, signal: AbortSignal): Promise<Ran> {
  const file = join(import.meta.dirname, 'model-process.ts');
  const args = [file, ...[seed, sequences, acts, partMs].map(String)];
  const { stdout } = await run(process.execPath, args, { signal, maxBuffer: 64 << 20 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Ran;
}

const sentenceOf = ({ seed, path, shortest, error }: NonNullable<Ran['found']>): string =>
  `seed ${seed}, path ${path ?? ''}: ${shortest}\n${error}`;

interface Result {
  readonly done: number;
  readonly seconds: number;
  readonly failed: number;
}

const figuresOf = ({ done, seconds, failed }: Result): readonly Figure[] => [
  {
    name: 'sequences of the model test',
    unit: 'count',
    value: done,
    peer: undefined,
    bar: bars.orchestrator.sequences,
    reach: 'at least',
  },
  { name: 'sequences a second', unit: 'ratio', value: done / seconds, peer: undefined, bar: undefined },
  { name: 'seeds that fail', unit: 'count', value: failed, peer: undefined, bar: 0, reach: 'at most' },
];
