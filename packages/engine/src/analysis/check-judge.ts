// What a check has found so far: the last answers, how many of a kind came in a row, and what they are worth. An answer
// that could not be had is never a pass, and never a failure of the release.

import type { Answer } from '../domain/evidence.ts';
import type { Judgement, Verdict } from './judge.ts';
import { addPair, noPairState, type PairRules, type PairState, pairJudgement } from './pair-judge.ts';
import type { History } from './witness.ts';

export interface CheckRules extends PairRules {
  /** More answers of the kind in a row than this count. */
  readonly failures: number;
  readonly errors: number;
  readonly inconclusive: number;
  readonly min: number | undefined;
}

/** Plain values, for the process that continues. */
export interface CheckState {
  /** The last answer, and how many of its kind came in a row. */
  last: Judgement | undefined;
  inARow: number;
  /** What counts. */
  standing: Judgement;
  answers: number;
  readonly pair: PairState;
}

export const noCheckState = (): CheckState => ({
  last: undefined,
  inARow: 0,
  standing: { verdict: 'Inconclusive', sentence: 'not asked yet' },
  answers: 0,
  pair: noPairState(),
});

export interface CheckLook {
  readonly answer: Answer;
  readonly sharedSince: number;
  readonly history: History;
}

/** Changes `state`. */
export function addAnswer(state: CheckState, rules: CheckRules, look: CheckLook): void {
  const judged = judgeAnswer(state, rules, look);
  state.inARow = state.last?.verdict === judged.verdict ? state.inARow + 1 : 1;
  state.last = judged;
  const isFirst = state.answers === 0;
  state.answers += 1;
  const borne = tolerated(judged.verdict, rules);
  if (state.inARow > borne || (isFirst && judged.verdict !== 'Failed')) state.standing = judged;
  else if (isFirst)
    state.standing = {
      verdict: 'Inconclusive',
      sentence: `bad ${state.inARow} of ${borne + 1} times: ${judged.sentence}`,
    };
}

function tolerated(verdict: Verdict, { failures, errors, inconclusive }: CheckRules): number {
  switch (verdict) {
    case 'Successful':
      return 0;
    case 'Failed':
      return failures;
    case 'Error':
      return errors;
    case 'Inconclusive':
      return inconclusive;
    default:
      return verdict satisfies never;
  }
}

function judgeAnswer(state: CheckState, rules: CheckRules, { answer, sharedSince, history }: CheckLook): Judgement {
  switch (answer.kind) {
    case 'counters':
      addPair(state.pair, rules, { answer, sharedSince, history });
      return pairJudgement(state.pair, rules);
    case 'number':
      return judgeNumber(answer.value, rules);
    case 'opinion':
      return { verdict: verdictOf[answer.result], sentence: answer.text || `it answers ${answer.result}` };
    case 'none':
      return { verdict: isNoFault[answer.why] ? 'Inconclusive' : 'Error', sentence: answer.sentence };
    default:
      return answer satisfies never;
  }
}

const verdictOf = { pass: 'Successful', fail: 'Failed', unknown: 'Inconclusive' } as const;

/** A side that nobody has visited yet has no series, and 0 of 0 is no number; the rest is a fault of query or source. */
const isNoFault: Readonly<Record<Extract<Answer, { kind: 'none' }>['why'], boolean>> = {
  empty: true,
  'not-a-number': true,
  'no-series': false,
  stale: false,
  several: false,
  failed: false,
};

function judgeNumber(value: number, { max, min }: CheckRules): Judgement {
  const limit =
    max !== undefined && value > max
      ? `more than ${max}`
      : min !== undefined && value < min
        ? `less than ${min}`
        : undefined;
  return limit === undefined
    ? { verdict: 'Successful', sentence: `it is ${short(value)}` }
    : { verdict: 'Failed', sentence: `it is ${short(value)}, ${limit}` };
}

const short = (value: number): string => String(Number(value.toPrecision(6)));
