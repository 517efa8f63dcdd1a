// From the settings of a target to what the comparison of both sides works with.

import type { JudgePolicy } from '../../../analysis/canary-judge.ts';
import type { JudgeSettings } from '../../../config/judge/settings.ts';

/** `maxErrorRate` stays what it was: a limit that no release may exceed, no matter what the other side does. */
export const policyOf = ({
  falseRollback,
  leastMs,
  minRequests,
  maxErrorRate,
  checks = [],
}: JudgeSettings): JudgePolicy => ({
  // Pairs of counters that decide share the mistakes that are allowed, see checks.ts.
  falseRollback: checks.some(({ isPair, dryRun }) => isPair && !dryRun) ? falseRollback / 2 : falseRollback,
  missedRegression: 0.05,
  errorRatio: 2,
  errorRate: 0.005,
  // A test against 0 % or 100 % says nothing, and has no logarithm.
  errorCeiling: Math.min(0.9, Math.max(0.001, maxErrorRate)),
  leastRequests: Math.max(100, minRequests),
  leastMs,
  warmUpMs: 15_000,
});
