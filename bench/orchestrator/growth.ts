// Growth: the same questions and verbs on a state of a day and on one of years, in turns, so that both meet the same machine.

import { setTimeout as delay } from 'node:timers/promises';
import { bars } from '../bars.ts';
import { type Figure, percentile } from '../figures.ts';
import { type GrownEngine, openGrown, timeOpening } from './growth-engine.ts';
import { forgetHistories, type History, historyFolder } from './growth-file.ts';
import { type Question, questions } from './growth-questions.ts';
import type { Measuring } from './measuring.ts';

const histories = {
  small: { deployments: 100, auditRows: 5_000 },
  large: { deployments: 100_000, auditRows: 5_000_000 },
} as const satisfies Readonly<Record<string, History>>;

/** For each of the runs that are asked for. */
const rounds = 8;
const openings = 7;
const warmUps = 5;
const verbsMs = 3_000;

/** `forget`: removes the states afterwards. */
export async function measureGrowth({ say, signal, runs }: Measuring, forget: boolean): Promise<readonly Figure[]> {
  const small = await historyFolder(histories.small, say);
  const large = await historyFolder(histories.large, say);
  try {
    say(`Growth: opening each state ${openings} times …`);
    const opening = await inTurns(openings, signal, [() => timeOpening(small), () => timeOpening(large)]);
    const engines = [await openGrown(small), await openGrown(large)] as const;
    try {
      const figures = await measure(engines, { runs: runs * rounds, say, signal });
      return [compared('engine opened, and its status', opening), ...figures];
    } finally {
      for (const engine of engines) await engine.close();
    }
  } finally {
    if (forget) forgetHistories();
  }
}

async function measure(
  [small, large]: readonly [GrownEngine, GrownEngine],
  { runs, say, signal }: Measuring,
): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const question of questions) {
    say(`${question.name} …`);
    const times = await inTurns(runs, signal, [() => timed(question, small), () => timed(question, large)]);
    figures.push(compared(question.name, times));
  }
  say('Verbs, as many as there is time for …');
  const perSecond = [verbsPerSecond(small), verbsPerSecond(large)];
  return [
    ...figures,
    {
      name: 'refused deployments and locks per second, large state',
      unit: 'count',
      value: perSecond[1] ?? 0,
      peer: { name: 'small', value: perSecond[0] ?? 0 },
      bar: undefined,
    },
  ];
}

type Times = readonly [small: readonly number[], large: readonly number[]];

/** The first rounds warm both up. */
async function inTurns(
  times: number,
  signal: AbortSignal,
  [small, large]: readonly [() => Promise<number>, () => Promise<number>],
): Promise<Times> {
  const measured: [number[], number[]] = [[], []];
  for (let round = -warmUps; round < times; round += 1) {
    signal.throwIfAborted();
    const isFirst = round % 2 === 0;
    const first = await (isFirst ? small() : large());
    const second = await (isFirst ? large() : small());
    if (round >= 0) {
      measured[0].push(isFirst ? first : second);
      measured[1].push(isFirst ? second : first);
    }
    await delay(1);
  }
  return measured;
}

async function timed({ ask }: Question, engine: GrownEngine): Promise<number> {
  const began = performance.now();
  await ask(engine);
  return performance.now() - began;
}

/** The fastest tenth: work that grows is in every call, and what other processes take of the machine is not. */
function compared(name: string, [small, large]: Times): Figure {
  const [one, other] = [percentile(small, 0.1), percentile(large, 0.1)];
  return {
    name: `${name}: ${other.toFixed(2)} ms, ${one.toFixed(2)} ms on the small state; ratio`,
    unit: 'ratio',
    value: other / one,
    peer: undefined,
    bar: bars.orchestrator.growthRatio,
    reach: 'at most',
  };
}

/** Each is decided, audited and on the disk before the next. */
function verbsPerSecond(engine: GrownEngine): number {
  const began = performance.now();
  let done = 0;
  while (performance.now() - began < verbsMs) {
    engine.lock();
    engine.refused();
    engine.unlock();
    done += 3;
  }
  return Math.round((done * 1_000) / (performance.now() - began));
}
