// Whether it is certain that more requests of the live side fail than the limit allows. The guard looks for hours, so chance must
// not find a bad moment in the end: the evidence of all looks is one test, which may be asked after each of them.

import {
  addErrorTick,
  countOf,
  type ErrorEvidence,
  type Limits,
  limitFinding,
  noErrorEvidence,
} from '../../../analysis/error-evidence.ts';
import { noTotals, type Totals, tickBetween, totalsOf } from '../../../analysis/ticks.ts';
import { noCounts, type SideCounts } from '../../../domain/routing.ts';

/** Plain values, for the process that continues. */
export interface LiveEvidence {
  /** Of the limit that the evidence is about. */
  readonly ceiling: number;
  /** Epoch ms: the counts are asked from here on. */
  readonly from: number;
  /** Epoch ms. */
  readonly lookedAt: number;
  readonly totals: Totals;
  readonly errors: ErrorEvidence;
}

export interface LivePolicy extends Limits {
  readonly falseRollback: number;
}

/** A load balancer knows the last hour. */
const longestMs = 30 * 60_000;

/** What was found with another limit says nothing about this one. */
export function continued(
  before: LiveEvidence | undefined,
  policy: LivePolicy,
  { now, from }: { readonly now: number; readonly from: number },
): LiveEvidence {
  if (before === undefined || before.ceiling !== policy.errorCeiling || now < before.lookedAt)
    return {
      ceiling: policy.errorCeiling,
      from,
      lookedAt: now,
      totals: noTotals,
      errors: noErrorEvidence(policy),
    };
  if (now - before.from < longestMs) return before;
  // The present second is left out, since its first part is counted already.
  return { ...before, from: Math.ceil(now / 1_000) * 1_000, totals: noTotals };
}

/** @param counts of the side, since `before.from` */
export function withLook(
  before: LiveEvidence,
  policy: LivePolicy,
  { now, counts }: { readonly now: number; readonly counts: SideCounts },
): LiveEvidence {
  const totals = withoutTimes(totalsOf({ stable: noCounts, canary: counts }));
  const tick = tickBetween(before.totals, totals, now - before.lookedAt);
  const errors = structuredClone(before.errors);
  if (tick) {
    const [stable, canary] = [countOf(tick.stable), countOf(tick.canary)];
    const wide = { stable, canary: countOf(tick.canary.wide ?? tick.canary) };
    addErrorTick(errors, policy, { ms: tick.ms, stable, canary, wide });
  }
  return { ...before, lookedAt: now, totals, errors };
}

/** No other side has users: what is asked is only whether it is above the limit. */
export const isProven = ({ errors }: LiveEvidence, { falseRollback }: LivePolicy): boolean =>
  limitFinding(errors, falseRollback, true) === 'proven';

const withoutTimes = ({ stable, canary }: Totals): Totals => ({
  stable: { ...stable, times: [] },
  canary: { ...canary, times: [] },
});
