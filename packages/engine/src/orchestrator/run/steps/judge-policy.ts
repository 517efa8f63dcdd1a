// From the settings of a target to what the comparison of both sides works with.

import type { JudgePolicy } from '../../../analysis/canary-judge.ts';
import { defaultMargins } from '../../../config/judge/margins.ts';
import type { JudgeSettings } from '../../../config/judge/settings.ts';

/** `maxErrorRate` is a ceiling: above it a release is a failure, where it is worse than the stable side. */
export const policyOf = ({
  falseRollback,
  leastMs,
  minRequests,
  maxErrorRate,
  critical,
  margins = defaultMargins,
  checks = [],
}: JudgeSettings): JudgePolicy => ({
  // Pairs of counters that decide share the mistakes that are allowed, see checks.ts.
  falseRollback: checks.some(({ isPair, dryRun }) => isPair && !dryRun) ? falseRollback / 2 : falseRollback,
  missedRegression: 0.05,
  errorRatio: margins.errors,
  errorRate: margins.errorRate,
  slower: { p50: margins.p50, p90: margins.p90, p99: margins.p99, ms: margins.slowerMs },
  critical,
  // A test against 0 % or 100 % says nothing, and has no logarithm.
  errorCeiling: Math.min(0.9, Math.max(0.001, maxErrorRate)),
  leastRequests: Math.max(100, minRequests),
  leastMs,
  warmUpMs: 15_000,
});
