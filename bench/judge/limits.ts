// The fixed limit as it was (more than 5 % of at least 50 requests) and as it is (when that is certain, and not so on the
// stable side too): how often either takes back a canary of ten minutes with a tenth of the users.

import { createCanaryJudge, type JudgePolicy } from '../../packages/engine/src/analysis/canary-judge.ts';
import { median } from '../figures.ts';
import { createDice } from './draw.ts';
import { createSource, type Scenario } from './scenarios.ts';

const seconds = 600;
const limit = { minRequests: 50, maxErrorRate: 0.05 };

export interface LimitRow {
  readonly stable: number;
  readonly canary: number;
  readonly perSecond: number;
  /** Taken back, of `runs`, and when. */
  readonly before: readonly number[];
  readonly now: readonly number[];
  readonly runs: number;
}

const rates = [
  [0.01, 0.01],
  [0.02, 0.02],
  [0.03, 0.03],
  [0.2, 0.2],
  [0.001, 0.01],
  [0.01, 0.1],
  [0.01, 0.2],
] as const;

export const limitCells = rates.flatMap(([stable, canary]) =>
  [20, 200].map((perSecond) => ({ stable, canary, perSecond })),
);

export interface LimitOptions {
  readonly runs: number;
  readonly policy: JudgePolicy;
  readonly seed: number;
}

export function runLimit(
  { stable, canary, perSecond }: (typeof limitCells)[number],
  { runs, policy, seed }: LimitOptions,
): LimitRow {
  const scenario: Scenario = { name: '', isNull: stable === canary, errorRate: stable, canaryErrorRate: canary };
  const [before, now]: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run += 1) {
    const ended = runOnce(scenario, perSecond, { policy, seed: seed + run * 7919 + perSecond });
    if (ended.before !== undefined) before.push(ended.before);
    if (ended.now !== undefined) now.push(ended.now);
  }
  return { stable, canary, perSecond, before, now, runs };
}

function runOnce(scenario: Scenario, perSecond: number, { policy, seed }: Omit<LimitOptions, 'runs'>) {
  const source = createSource(scenario, perSecond, createDice(seed));
  const judge = createCanaryJudge(policy);
  const total = { requests: 0, errors: 0 };
  let before: number | undefined;
  for (let second = 1; second <= seconds; second += 1) {
    const { judged } = source(second - 1);
    judge.add(judged);
    total.requests += judged.canary.requests;
    total.errors += judged.canary.errors;
    if (total.requests < limit.minRequests || total.errors <= limit.maxErrorRate * total.requests) continue;
    before ??= second;
    if (judge.limit() === 'proven') return { before, now: second };
  }
  return { before, now: undefined };
}

export function limitPage(rows: readonly LimitRow[]): string {
  const share = (found: readonly number[], runs: number) =>
    found.length === 0 ? '0' : `${((100 * found.length) / runs).toFixed(1)} %, ${median(found)} s`;
  const percent = (rate: number) => `${Number((100 * rate).toFixed(1))} %`;
  const lines = rows.map(
    ({ stable, canary, perSecond, before, now, runs }) =>
      `| ${percent(stable)} | ${percent(canary)} | ${perSecond} | ${share(before, runs)} | ${share(now, runs)} |`,
  );
  return `## The limit, before and after\n\nTaken back by \`maxErrorRate: 5%\` within ten minutes with a tenth of the users, and when; ${rows[0]?.runs ?? 0} runs each.\n\n| errors, stable | errors, new side | req/s | as it was | when it is certain |\n|---:|---:|---:|---:|---:|\n${lines.join('\n')}\n`;
}
