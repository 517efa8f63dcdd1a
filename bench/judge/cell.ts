// One scenario at one load, many times: who takes the release back, when, and what that cost.

import {
  type CanaryJudgement,
  createCanaryJudge,
  type JudgePolicy,
} from '../../packages/engine/src/analysis/canary-judge.ts';
import { createDice } from './draw.ts';
import { rivals } from './rivals.ts';
import { createSource, type Scenario, type Tick } from './scenarios.ts';

/** Of one rule over all runs. */
export interface Tally {
  takenBack: number;
  readonly seconds: number[];
  /** Failed requests beyond those of the stable side's rate, until it was taken back. */
  readonly excess: number[];
}

export interface Cell {
  readonly scenario: Scenario;
  readonly perSecond: number;
  readonly runs: number;
  readonly judge: Tally;
  readonly rivals: readonly Tally[];
  /** Called good before it was taken back. */
  promoted: number;
  readonly promotedAfter: number[];
  /** Called good without a request: never. */
  promotedBlind: number;
}

export interface CellOptions {
  readonly scenario: Scenario;
  readonly perSecond: number;
  readonly runs: number;
  readonly seconds: number;
  readonly policy: JudgePolicy;
  readonly seed: number;
}

const noTally = (): Tally => ({ takenBack: 0, seconds: [], excess: [] });

export function runCell(options: CellOptions): Cell {
  const { scenario, perSecond, runs } = options;
  const cell: Cell = {
    scenario,
    perSecond,
    runs,
    judge: noTally(),
    rivals: rivals.map(noTally),
    promoted: 0,
    promotedAfter: [],
    promotedBlind: 0,
  };
  for (let run = 0; run < runs; run += 1) runOnce(cell, options, options.seed + run * 7919 + perSecond);
  return cell;
}

interface Watcher {
  readonly tally: Tally;
  readonly isOver: (tick: Tick, second: number) => boolean;
  isDone: boolean;
}

function runOnce(cell: Cell, { scenario, perSecond, seconds, policy }: CellOptions, seed: number): void {
  const source = createSource(scenario, perSecond, createDice(seed));
  const judge = createCanaryJudge(policy);
  let wasGood = false;
  const follow = (judgement: CanaryJudgement, second: number, requests: number): boolean => {
    if (judgement.verdict === 'Successful' && !wasGood) {
      wasGood = true;
      cell.promoted += 1;
      cell.promotedAfter.push(second + 1);
      if (requests === 0) cell.promotedBlind += 1;
    }
    return judgement.verdict === 'Failed';
  };
  const total = { requests: 0, errors: 0 };
  const watchers: Watcher[] = [
    {
      tally: cell.judge,
      isDone: false,
      isOver: (tick, second) => {
        judge.add(tick.judged);
        return follow(judge.judgement(), second, total.requests);
      },
    },
    ...rivals.map(({ create }, at) => {
      const isOver = create();
      const tally = cell.rivals[at] ?? noTally();
      return { tally, isDone: false, isOver: (tick: Tick, second: number) => isOver(tick.raw, second) };
    }),
  ];
  for (let second = 0; second < seconds && watchers.some(({ isDone }) => !isDone); second += 1) {
    const tick = source(second);
    total.requests += tick.raw.canary.requests;
    total.errors += tick.raw.canary.errors;
    for (const watcher of watchers) {
      if (watcher.isDone || !watcher.isOver(tick, second)) continue;
      watcher.isDone = true;
      watcher.tally.takenBack += 1;
      watcher.tally.seconds.push(second + 1);
      watcher.tally.excess.push(total.errors - total.requests * scenario.errorRate);
    }
    // A release that was called good is out of the judge's hands; a null is watched to the end all the same.
    if (wasGood && !scenario.isNull && watchers[0]) watchers[0].isDone = true;
  }
}
