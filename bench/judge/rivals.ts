// Three rules that are in common use, for comparison. Each says after a tick whether it takes the release back.

import type { CanaryTick } from '../../packages/engine/src/analysis/canary-evidence.ts';

export interface Rival {
  readonly name: string;
  readonly create: () => (tick: CanaryTick, second: number) => boolean;
}

interface Sums {
  requests: number;
  errors: number;
}
const add = (sums: Sums, { requests, errors }: Sums): void => {
  sums.requests += requests;
  sums.errors += errors;
};
const rate = ({ requests, errors }: Sums): number => (requests === 0 ? 0 : errors / requests);

/** More than 5 % errors in the last 60 seconds, asked every 10 seconds. */
function fixedLimit() {
  const window: Sums[] = [];
  return ({ canary }: CanaryTick, second: number): boolean => {
    window.push({ requests: canary.requests, errors: canary.errors });
    if (window.length > 60) window.shift();
    if (second % 10 !== 9) return false;
    const sum = { requests: 0, errors: 0 };
    for (const each of window) add(sum, each);
    return rate(sum) > 0.05;
  };
}

/** A check a minute: at least 99 % succeed; the fifth failed check ends it. Failed checks are never forgiven. */
function failedChecks() {
  let minute = { requests: 0, errors: 0 };
  let failed = 0;
  return ({ canary }: CanaryTick, second: number): boolean => {
    add(minute, canary);
    if (second % 60 !== 59) return false;
    if (rate(minute) > 0.01) failed += 1;
    minute = { requests: 0, errors: 0 };
    return failed >= 5;
  };
}

const tolerance = 0.25;
/** One-sided 0.98. */
const certain = 2.0537;

/** A point a minute and side; every five minutes all points are compared by Mann and Whitney's test. */
function mannWhitney() {
  const points = { stable: [] as number[], canary: [] as number[] };
  let minute = { stable: { requests: 0, errors: 0 }, canary: { requests: 0, errors: 0 } };
  return (tick: CanaryTick, second: number): boolean => {
    add(minute.stable, tick.stable);
    add(minute.canary, tick.canary);
    if (second % 60 !== 59) return false;
    points.stable.push(rate(minute.stable));
    points.canary.push(rate(minute.canary));
    minute = { stable: { requests: 0, errors: 0 }, canary: { requests: 0, errors: 0 } };
    return second % 300 === 299 && isHigher(points.canary, points.stable);
  };
}

/** By the normal approximation, with half a point for ties. */
function isHigher(canary: readonly number[], stable: readonly number[]): boolean {
  const mean = stable.reduce((sum, each) => sum + each, 0) / stable.length;
  let above = 0;
  for (const one of canary)
    for (const other of stable) {
      const limit = other + tolerance * mean;
      above += one > limit ? 1 : one === limit ? 0.5 : 0;
    }
  const pairs = canary.length * stable.length;
  const deviation = Math.sqrt((pairs * (canary.length + stable.length + 1)) / 12);
  return (above - pairs / 2) / deviation > certain;
}

export const rivals: readonly Rival[] = [
  { name: 'fixed 5 %', create: fixedLimit },
  { name: 'failed checks', create: failedChecks },
  { name: 'Mann-Whitney', create: mannWhitney },
];
