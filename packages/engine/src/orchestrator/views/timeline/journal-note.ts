// What the journal notes of a step in addition to its times: how long it took by the monotonic clock, what both sides
// answered in it, its proof, the last lines of a side that failed and its first failing requests.

import type { Observation, Receipt } from '../../../api/deployment.ts';
import type { JudgedWith } from '../../../api/explanation.ts';
import type { SideNumbers, StepNumbers } from '../../../api/timeline.ts';
import type { FailedRequest } from '../../../domain/failed-request.ts';
import type { SideCounts } from '../../../domain/routing.ts';
import type { StepRow } from '../../../state/deployments.ts';

export interface JournalNote {
  readonly ms?: number;
  readonly numbers?: StepNumbers;
  /** What the verdict in `numbers` was made from. */
  readonly judged?: JudgedWith;
  readonly receipt?: Receipt;
  readonly log?: readonly string[];
  /** Of the first step that gave users to a side that was taken back. */
  readonly failing?: FailingRequests;
}

export interface FailingRequests {
  readonly requests: readonly FailedRequest[];
  /** Why they could not be listed. */
  readonly problem?: string;
}

/** The writer is this program, of this version or an earlier one, which noted nothing. */
export const noteOf = ({ note }: Pick<StepRow, 'note'>): JournalNote => note ?? {};

export function numbersOf({ at, sinceMs, stable, canary, judgement }: Observation): StepNumbers {
  return { at, sinceMs, stable: sideNumbers(stable), canary: sideNumbers(canary), judgement };
}

const sideNumbers = ({ requests, errors, connectFailures, p50Ms, p95Ms, p99Ms }: SideCounts): SideNumbers => ({
  requests,
  errors,
  connectFailures,
  p50Ms,
  p95Ms,
  p99Ms,
});

export interface JudgedBy extends Pick<JudgedWith, 'rule' | 'percent'> {
  readonly observation: Pick<Observation, 'advice' | 'checks'>;
}

export function judgedWith({ observation: { advice, checks = [] }, rule, percent }: JudgedBy): JudgedWith {
  const asked = checks.slice(0, mostChecks).map((check) => ({ ...check, asks: check.asks.slice(0, mostQueries) }));
  return { rule, percent, advice, checks: asked };
}

/** The configuration allows no more. */
const mostChecks = 20;
const mostQueries = 4;
