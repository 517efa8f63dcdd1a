// Canaries that are simulated second by second. In each, errors and latency drift on both sides together, and the load is
// never even.

import type { CanaryTick } from '../../packages/engine/src/analysis/canary-evidence.ts';
import { createClients } from './clients.ts';
import type { Dice } from './draw.ts';
import { createPauses, type Paused, type Pauses } from './pauses.ts';
import { drawTimes, type Stretch, withTimes } from './times.ts';

export interface Scenario {
  readonly name: string;
  /** No worse than the stable side: to be taken back is a mistake. */
  readonly isNull: boolean;
  /** Of the stable side. */
  readonly errorRate: number;
  /** Of the new side, once it is up. */
  readonly canaryErrorRate: number;
  readonly stretch?: { readonly all?: number; readonly tail?: number };
  /** The weight at a second; 0.1 unless said. */
  readonly share?: (second: number) => number;
  /** Both sides' errors and times are multiplied by these. */
  readonly shared?: (second: number) => { readonly errors: number; readonly times: number };
  /** Only the new side's times. */
  readonly cold?: (second: number) => number;
  /** Errors of one client, who stays on one side: on the new one as often as its weight says. */
  readonly badClient?: (second: number) => number;
  /** Of the process of each side. */
  readonly pauses?: Pauses;
}

const isSpike = (second: number) => second >= 300 && second % 400 < 10;

export const scenarios: readonly Scenario[] = [
  { name: 'errors 1 % on both sides', isNull: true, errorRate: 0.01, canaryErrorRate: 0.01 },
  { name: 'errors 0.1 % on both sides', isNull: true, errorRate: 0.001, canaryErrorRate: 0.001 },
  {
    name: 'shared spikes',
    isNull: true,
    errorRate: 0.002,
    canaryErrorRate: 0.002,
    shared: (second) => (isSpike(second) ? { errors: 200, times: 3 } : { errors: 1, times: 1 }),
  },
  {
    name: 'cold start',
    isNull: true,
    errorRate: 0.005,
    canaryErrorRate: 0.005,
    cold: (second) => (second < 15 ? 2 : 1),
  },
  {
    name: 'ramp 1, 5, 25, 50 % while errors grow fourfold',
    isNull: true,
    errorRate: 0.005,
    canaryErrorRate: 0.005,
    share: (second) => [0.01, 0.05, 0.25, 0.5][Math.min(3, Math.floor(second / 450))] ?? 0.5,
    shared: (second) => ({ errors: 1 + (3 * second) / 1800, times: 1 }),
  },
  {
    name: 'bursts of slow answers on one side at a time',
    isNull: true,
    errorRate: 0.005,
    canaryErrorRate: 0.005,
    pauses: { perMinute: 3, longestMs: 1_000 },
  },
  {
    name: 'many short bursts on one side at a time',
    isNull: true,
    errorRate: 0.005,
    canaryErrorRate: 0.005,
    pauses: { perMinute: 30, longestMs: 300 },
  },
  {
    name: 'one bad client',
    isNull: true,
    errorRate: 0.005,
    canaryErrorRate: 0.005,
    badClient: (second) => (second >= 120 && second < 180 ? 5 : 0),
  },
  {
    name: 'one bad client, to the end',
    isNull: true,
    errorRate: 0.005,
    canaryErrorRate: 0.005,
    badClient: (second) => (second >= 120 ? 5 : 0),
  },
  { name: 'errors 1 to 2 %', isNull: false, errorRate: 0.01, canaryErrorRate: 0.02 },
  { name: 'errors 1 to 5 %', isNull: false, errorRate: 0.01, canaryErrorRate: 0.05 },
  { name: 'errors 0.1 to 1 %', isNull: false, errorRate: 0.001, canaryErrorRate: 0.01 },
  { name: 'crash loop', isNull: false, errorRate: 0.005, canaryErrorRate: 1 },
  { name: 'p99 half as long again', isNull: false, errorRate: 0.005, canaryErrorRate: 0.005, stretch: { tail: 1.5 } },
  {
    name: 'all answers a fifth slower',
    isNull: false,
    errorRate: 0.005,
    canaryErrorRate: 0.005,
    stretch: { all: 1.2 },
  },
];

export interface Tick {
  /** What the balancer counts. */
  readonly raw: CanaryTick;
  /** What the judge sees: of one client, one error a minute. */
  readonly judged: CanaryTick;
}

/** Remembers the drift and the clients from one second to the next. */
export function createSource(scenario: Scenario, perSecond: number, dice: Dice): (second: number) => Tick {
  let errorDrift = 0;
  let timeDrift = 0;
  const isClientOnCanary = dice.uniform() < 0.1;
  const clients = { stable: createClients(dice), canary: createClients(dice) };
  const pausing = () => (scenario.pauses ? createPauses(dice, scenario.pauses) : neverPaused);
  const paused = { stable: pausing(), canary: pausing() };
  return (second) => {
    errorDrift = next(dice, errorDrift, 0.15);
    timeDrift = next(dice, timeDrift, 0.05);
    const { errors, times } = scenario.shared?.(second) ?? { errors: 1, times: 1 };
    const load = dice.poisson(Math.max(0, perSecond * (1 + 0.1 * dice.normal())));
    const share = scenario.share?.(second) ?? 0.1;
    const canary = dice.binomial(load, share);
    const common = { errors: errors * Math.exp(errorDrift), times: times * Math.exp(timeDrift) };
    const { all = 1, tail = 1 } = scenario.stretch ?? {};
    const cold = scenario.cold?.(second) ?? 1;
    const bad = scenario.badClient?.(second) ?? 0;
    const rates = { stable: scenario.errorRate * common.errors, canary: scenario.canaryErrorRate * common.errors };
    const sideOf = (name: keyof typeof paused, arrivals: number, stretch: Stretch) =>
      side(dice, { arrivals, errorRate: rates[name], stretch, paused: paused[name](arrivals) });
    const stableSide = sideOf('stable', load - canary, { all: common.times, tail: 1 });
    const canarySide = sideOf('canary', canary, { all: common.times * all * cold, tail });
    const [badThere, badHere] = isClientOnCanary ? [0, bad] : [bad, 0];
    const stable = clients.stable({ side: stableSide, second, share: 1 - share, bad: badThere });
    const onCanary = clients.canary({ side: canarySide, second, share, bad: badHere });
    return {
      raw: { ms: 1_000, stable: stable.raw, canary: onCanary.raw },
      judged: { ms: 1_000, stable: stable.judged, canary: onCanary.judged },
    };
  };
}

/** AR(1) with this standard deviation, and a memory of about a minute. */
const next = (dice: Dice, before: number, deviation: number): number =>
  0.983 * before + deviation * Math.sqrt(1 - 0.983 ** 2) * dice.normal();

const neverPaused = (): Paused => ({ met: 0, late: [], lateRequests: 0 });

interface Arriving {
  readonly arrivals: number;
  readonly errorRate: number;
  readonly stretch: Stretch;
  readonly paused: Paused;
}

function side(dice: Dice, { arrivals, errorRate, stretch, paused: { met, late, lateRequests } }: Arriving) {
  const requests = arrivals - met + lateRequests;
  return {
    requests,
    errors: dice.binomial(requests, Math.min(1, errorRate)),
    times: withTimes(drawTimes(dice, arrivals - met, stretch), late),
  };
}
