// How many signed deliveries of a code host the receiver takes a second, each on the disk before it is answered: the
// production process under load from another, compared with the same server in memory only; then killed ten times.

import { setTimeout as delay } from 'node:timers/promises';
import { bars } from '../bars.ts';
import { type Bench, type Figure, median, percentile } from '../figures.ts';
import { deliveryId } from './deliveries.ts';
import { settingsOf } from './disk.ts';
import { type KeptRows, keptRows, waitingRows } from './kept.ts';
import { type Load, type Sent, startLoad } from './load.ts';
import { type Killed, type Pace, pageOf, type Run } from './page.ts';
import { freshGround, type Ground, startReceiver } from './receiver.ts';

const runs = 3;
const connections = 64;
const warmSeconds = 3;
const seconds = 15;
const steadyPerSecond = bars.webhook.perSecond;
const kills = bars.webhook.kills;
const killSeconds = 40;
const drainMs = 60_000;

export const webhookBench: Bench = {
  title: 'webhook',
  how: `signed deliveries of GitHub over ${connections} connections, each committed before it is answered, median of ${runs} runs`,
  limitMs: 20 * 60_000,
  run: async (say, signal) => {
    const load = startLoad();
    try {
      const stage: Stage = { load, say, signal };
      const durable: Run[] = [];
      const volatile: Run[] = [];
      for (let run = 1; run <= runs; run += 1) {
        durable.push(await underLoad(stage, 'durable', run));
        volatile.push(await underLoad(stage, 'volatile', run));
      }
      const killed = await underKills(stage);
      const figures = [...speeds(durable, volatile), ...counts(durable, killed)];
      const settings = await settingsOf();
      for (const { name, value } of settings) say(`${name}: ${value}`);
      return { figures, page: pageOf({ durable, volatile, killed, settings }), details: { durable, volatile, killed } };
    } finally {
      load.end();
    }
  },
};

interface Stage {
  readonly load: Load;
  readonly say: (sentence: string) => void;
  readonly signal: AbortSignal;
}

async function underLoad({ load, say, signal }: Stage, program: 'durable' | 'volatile', run: number): Promise<Run> {
  signal.throwIfAborted();
  say(`Run ${run}, ${program}: ${seconds} s as fast as it goes, ${seconds} s with ${steadyPerSecond} a second …`);
  const ground = await freshGround();
  const receiver = await startReceiver(ground, program);
  try {
    const sending = { port: ground.port, secret: ground.secret, connections, isPatient: false };
    const warm = await load.send({ ...sending, seconds: warmSeconds, first: 1 });
    const usedBefore = receiver.usedMs();
    const full = await load.send({ ...sending, seconds, first: warm.next });
    const usedMs = (receiver.usedMs() - usedBefore) / Math.max(1, full.answered.length);
    const steady = await load.send({ ...sending, seconds, perSecond: steadyPerSecond, first: full.next });
    const all = [warm, full, steady];
    const after = program === 'durable' ? await drained(ground) : { waitedAtEnd: 0, drainedMs: 0 };
    await receiver.stop();
    const rows = program === 'durable' ? keptRows(ground.state) : undefined;
    return { full: paceOf(full), steady: paceOf(steady), usedMs, ...tallyOf(all, rows), ...after };
  } finally {
    await receiver.kill();
    await ground.remove();
  }
}

/** Until something became of all that was taken. */
async function drained({ state }: Ground): Promise<Pick<Run, 'waitedAtEnd' | 'drainedMs'>> {
  const began = performance.now();
  const waitedAtEnd = waitingRows(state);
  while (waitingRows(state) > 0) {
    if (performance.now() - began > drainMs) throw new Error('the receiver does not work on what it took');
    await delay(50);
  }
  return { waitedAtEnd, drainedMs: performance.now() - began };
}

async function underKills({ load, say, signal }: Stage): Promise<Killed> {
  say(`Killing the receiver ${kills} times in ${killSeconds} s of load …`);
  const ground = await freshGround();
  let receiver = await startReceiver(ground, 'durable');
  try {
    const sending = { port: ground.port, secret: ground.secret, connections, isPatient: true };
    const sent = load.send({ ...sending, seconds: killSeconds, first: 1 });
    for (let kill = 1; kill <= kills; kill += 1) {
      await delay(500 + Math.random() * ((killSeconds * 1_000) / kills / 2), undefined, { signal });
      await receiver.kill();
      receiver = await startReceiver(ground, 'durable');
    }
    const all = await sent;
    await drained(ground);
    await receiver.stop();
    const rows = keptRows(ground.state);
    const { accepted, missing, twice } = tallyOf([all], rows);
    return { kills, accepted, again: all.again, missing, twice, isSound: rows.isSound };
  } finally {
    await receiver.kill();
    await ground.remove();
  }
}

function paceOf({ answered, tookMs }: Sent): Pace {
  const waits = answered.map(([, , ms]) => ms);
  return {
    perSecond: (1_000 * answered.filter(([, status]) => status === 202).length) / tookMs,
    p50Ms: median(waits),
    p99Ms: percentile(waits, 0.99),
    longestMs: waits.reduce((most, ms) => Math.max(most, ms), 0),
  };
}

/** A delivery that was sent again may be answered 200: it is there, though the first 202 never arrived. */
function tallyOf(
  all: readonly Sent[],
  rows: KeptRows | undefined,
): Pick<Run, 'accepted' | 'refused' | 'missing' | 'twice'> {
  const answered = all.flatMap((sent) => sent.answered);
  const accepted = answered.filter(([, status]) => status === 202 || status === 200);
  return {
    accepted: accepted.length,
    refused: answered.length - accepted.length + all.flatMap(({ unanswered }) => unanswered).length,
    missing: rows ? accepted.filter(([number]) => !rows.ids.has(deliveryId(number))).length : 0,
    twice: rows ? rows.rows - Math.min(rows.ids.size, rows.different) : 0,
  };
}

function speeds(durable: readonly Run[], volatile: readonly Run[]): readonly Figure[] {
  const of = (runs: readonly Run[], value: (run: Run) => number): number => median(runs.map(value));
  const figure = (
    name: string,
    unit: Figure['unit'],
    value: (run: Run) => number,
    rest: Partial<Figure> = {},
  ): Figure => ({
    name,
    unit,
    value: of(durable, value),
    peer: { name: 'in memory', value: of(volatile, value) },
    bar: undefined,
    ...rest,
  });
  const { perSecond, p99Ms } = bars.webhook;
  return [
    figure('accepted a second', 'count', ({ full }) => Math.round(full.perSecond), {
      bar: perSecond,
      reach: 'at least',
    }),
    figure('answered at full speed, p50', 'ms', ({ full }) => full.p50Ms),
    figure('answered at full speed, p99', 'ms', ({ full }) => full.p99Ms, { bar: p99Ms }),
    figure('ms of processor time per delivery', 'ratio', (run) => run.usedMs),
    figure(`answered at ${steadyPerSecond} a second, p50`, 'ms', ({ steady }) => steady.p50Ms),
    figure(`answered at ${steadyPerSecond} a second, p99`, 'ms', ({ steady }) => steady.p99Ms, { bar: p99Ms }),
  ];
}

function counts(durable: readonly Run[], killed: Killed): readonly Figure[] {
  const sum = (value: (run: Run) => number): number => durable.reduce((total, run) => total + value(run), 0);
  const figure = (name: string, value: number, rest: Partial<Figure> = {}): Figure => ({
    name,
    unit: 'count',
    value,
    peer: undefined,
    bar: undefined,
    ...rest,
  });
  const none = { bar: 0, reach: 'at most' } as const;
  return [
    figure(
      'deliveries accepted in all runs',
      sum(({ accepted }) => accepted),
    ),
    figure(
      'not accepted',
      sum(({ refused }) => refused),
      none,
    ),
    figure(
      'accepted and not there',
      sum(({ missing }) => missing),
      none,
    ),
    figure(
      'there twice',
      sum(({ twice }) => twice),
      none,
    ),
    figure('the receiver was killed', killed.kills, { bar: kills, reach: 'at least' }),
    figure('accepted across the kills', killed.accepted),
    figure('sent again across the kills', killed.again),
    figure('accepted and not there after the kills', killed.missing, none),
    figure('there twice after the kills', killed.twice + (killed.isSound ? 0 : 1), none),
  ];
}
