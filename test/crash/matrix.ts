// Plays the points of scenarios, several lanes at a time, and remembers each result, so that a run that was stopped goes on
// where it was.

import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Balancer, type Lane, openLane, type Result } from './lane.ts';
import { type Play, playsOf } from './plays.ts';
import { type Point, pointsOf } from './points.ts';
import type { Scenario } from './scenarios.ts';

export interface Share {
  readonly scenario: Scenario;
  readonly balancer: Balancer;
}

export interface MatrixOptions {
  readonly shares: readonly Share[];
  /** Of every `of` points, those that fall to `index`; from 1. */
  readonly shard: { readonly index: number; readonly of: number };
  readonly lanes: number;
  /** So many controllers die in one play at most. */
  readonly kills: number;
  readonly seed: number;
  readonly wants: (point: Point, share: Share) => boolean;
  readonly book: Book;
  readonly signal: AbortSignal;
  /** No play begins after so long; each share gets its part of the time. Undefined: until all is played. */
  readonly budgetMs?: number | undefined;
  readonly say: (line: string) => void;
}

export interface Count {
  readonly points: number;
  readonly notReached: number;
  /** Not played, since the time was over. */
  readonly left: number;
  readonly sent: number;
  readonly lost: number;
  readonly disagreements: number;
}

/** Of one point. What was sent, lost and found in a play with several is written at the first of them. */
export interface Entry extends Omit<Result, 'reached'> {
  readonly key: string;
  readonly reached: boolean;
  readonly passed: boolean;
}

/** What passed, by the point's key. */
export interface Book {
  find(key: string): Entry | undefined;
  add(entry: Entry): void;
}

export function openBook(file: string, resume: boolean): Book {
  mkdirSync(dirname(file), { recursive: true });
  const known = new Map<string, Entry>();
  if (resume && existsSync(file))
    for (const line of readFileSync(file, 'utf8').split('\n').filter(isWhole)) {
      const entry = JSON.parse(line) as Entry;
      if (entry.passed && entry.reached) known.set(entry.key, entry);
    }
  return {
    find: (key) => known.get(key),
    add: (entry) => appendFileSync(file, `${JSON.stringify(entry)}\n`),
  };
}

/** The last line of a run that was killed may be a part of one. */
const isWhole = (line: string): boolean => line.startsWith('{') && line.endsWith('}');

/** A share whose time is over makes room for the next one, and gets what is left in another round. */
export async function playMatrix(options: MatrixOptions): Promise<Count> {
  const endsAt = performance.now() + (options.budgetMs ?? Number.POSITIVE_INFINITY);
  const results = new Map<string, Entry>();
  let shares = options.shares;
  let left = 0;
  do {
    const sliceMs = ((endsAt - performance.now()) * options.lanes) / Math.max(options.lanes, shares.length);
    const round = await playRound(shares, options, { sliceMs, endsAt });
    for (const entry of round.flatMap(({ entries }) => entries)) results.set(entry.key, entry);
    shares = round.filter((share) => share.left > 0).map(({ share }) => share);
    left = round.reduce((sum, share) => sum + share.left, 0);
  } while (shares.length > 0 && !options.signal.aborted && performance.now() + worthwhileMs < endsAt);
  return { ...countOf([...results.values()]), left };
}

/** Shorter than that, a stage is not even set. */
const worthwhileMs = 60_000;

interface Times {
  readonly sliceMs: number;
  readonly endsAt: number;
}

async function playRound(
  shares: readonly Share[],
  options: MatrixOptions,
  { sliceMs, endsAt }: Times,
): Promise<readonly Played[]> {
  const waiting = shares.entries();
  const played: Played[] = [];
  const work = async (): Promise<void> => {
    for (const [, share] of waiting) {
      if (options.signal.aborted) return;
      played.push(await playShare(share, options, Math.min(endsAt, performance.now() + sliceMs)));
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, work));
  return played;
}

function countOf(results: readonly Entry[]): Omit<Count, 'left'> {
  const sum = (of: (entry: Entry) => number): number => results.reduce((total, entry) => total + of(entry), 0);
  return {
    points: results.filter(({ reached }) => reached).length,
    notReached: results.filter(({ reached }) => !reached).length,
    sent: sum(({ sent }) => sent),
    lost: sum(({ lost }) => lost.length),
    disagreements: sum((entry) => entry.disagreements.length),
  };
}

interface Played {
  readonly share: Share;
  readonly entries: readonly Entry[];
  /** Points that were not played. */
  readonly left: number;
}

async function playShare(share: Share, options: MatrixOptions, endsAt: number): Promise<Played> {
  const { scenario, balancer } = share;
  const name = `${balancer} ${scenario.name}`;
  const keyOf = (point: Point): string => `${name}: ${point.name}`;
  const results: Entry[] = [];
  const tries = new Map<string, number>();
  let plays: Play[] = [];
  let lane: Lane | undefined;
  try {
    lane = await openLane(scenario, balancer);
    const moments = await lane.record();
    const points = pointsOf(moments, options.seed).filter(
      (point) => options.wants(point, share) && isOfShard(keyOf(point), options.shard),
    );
    const known = points.flatMap((point) => options.book.find(keyOf(point)) ?? []);
    results.push(...known);
    const left = points.filter((point) => !known.some(({ key }) => key === keyOf(point)));
    options.say(`${name}: ${points.length} points, ${left.length} of them to play`);
    plays = [...playsOf(left, moments, options.kills)];
    const isOver = (): boolean => options.signal.aborted || performance.now() > endsAt;
    for (let play = isOver() ? undefined : plays.shift(); play !== undefined; ) {
      lane ??= await openLane(scenario, balancer);
      const { entries, again } = entriesOf(play, await played(lane, play), { keyOf, tries });
      plays.push(...again);
      for (const entry of entries) {
        options.book.add(entry);
        options.say(lineOf(entry));
      }
      results.push(...entries);
      // What a play left behind must not be taken for the next one's fault.
      if (entries.some((entry) => !entry.passed)) {
        await lane.close();
        lane = undefined;
      }
      play = isOver() ? undefined : plays.shift();
    }
  } catch (thrown) {
    const entry = { ...failed(thrown), key: `${name}: as a whole`, reached: false, passed: false };
    results.push(entry);
    options.say(lineOf(entry));
  } finally {
    await lane?.close();
  }
  return { share, entries: results, left: plays.reduce((sum, { points }) => sum + points.length, 0) };
}

interface Outcome {
  readonly entries: readonly Entry[];
  /** Points that were not reached, each to be played alone. */
  readonly again: readonly Play[];
}

/** A moment inside of a step may have passed before the point, or a row about health was not written this time. */
const mostTries = 3;

function entriesOf({ points }: Play, result: Result, { keyOf, tries }: Names): Outcome {
  const { reached, ...rest } = result;
  const passed = result.lost.length === 0 && result.disagreements.length === 0;
  const missed = points.slice(reached);
  for (const point of missed.slice(0, 1)) tries.set(keyOf(point), (tries.get(keyOf(point)) ?? 0) + 1);
  const again = passed ? missed.filter((point) => (tries.get(keyOf(point)) ?? 0) < mostTries) : [];
  const settled = points.filter((point) => !again.includes(point));
  const entries = settled.map((point, at): Entry => {
    const ofPlay = at === 0 ? rest : { sent: 0, lost: [], disagreements: [], ms: 0 };
    return { ...ofPlay, key: keyOf(point), reached: points.indexOf(point) < reached, passed };
  });
  return { entries, again: again.map((point) => ({ points: [point] })) };
}

interface Names {
  readonly keyOf: (point: Point) => string;
  readonly tries: Map<string, number>;
}

const played = (lane: Lane, play: Play): Promise<Result> => lane.play(play).catch(failed);

const failed = (thrown: unknown): Result => ({
  reached: 0,
  sent: 0,
  lost: [],
  disagreements: [String((thrown as Error).stack ?? thrown)],
  ms: 0,
});

function lineOf({ key, passed, reached, sent, lost, disagreements, ms }: Entry): string {
  const how = reached ? '' : ' (not reached)';
  const play = ms === 0 ? '' : `: ${sent} requests, ${lost.length} lost, ${Math.round(ms)} ms`;
  const problems = [...disagreements, ...lost.slice(0, 3).map((each) => `lost: ${each}`)].map((each) => `\n  ${each}`);
  return `${passed ? '✓' : '✗'} ${key}${how}${play}${problems.join('')}`;
}

/** By its name, so that a shard has the same points whatever another one does. */
function isOfShard(name: string, { index, of }: MatrixOptions['shard']): boolean {
  return createHash('sha256').update(name).digest().readUInt32BE() % of === index - 1;
}
