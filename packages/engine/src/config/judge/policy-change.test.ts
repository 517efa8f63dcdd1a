import { expect, it } from 'vitest';
import { defaultMargins } from './margins.ts';
import { policyChange } from './policy-change.ts';
import type { JudgeSettings } from './settings.ts';

const base: JudgeSettings = {
  minRequests: 7,
  maxErrorRate: 0.1,
  patienceMs: 1_000,
  atEnd: 'abort',
  mode: 'automatic',
  falseRollback: 0.05,
  leastMs: 9_000,
};

it('changes what is written, and nothing else', () => {
  expect(policyChange(base, undefined)).toBe(base);
  expect(policyChange(base, 'falseRollback: 2%, least: 5m, critical: [errors, p50]')).toEqual({
    ...base,
    falseRollback: 0.02,
    leastMs: 300_000,
    critical: ['errors', 'p50'],
  });
  expect(policyChange(base, 'margins: { p99: 3 }')).toEqual({ ...base, margins: { ...defaultMargins, p99: 3 } });
});

it.each([
  ['tolerance: 3', 'the policy cannot be read: has no tolerance'],
  ['falseRollback: 0%', 'the policy cannot be read: falseRollback expected a percentage above 0% and up to 20%'],
  ['least', 'the policy cannot be read: '],
  ['{{{', 'the policy cannot be read: '],
  ['critical: [p50]', 'critical expected a list that has errors in it'],
  [`least: ${'9'.repeat(2_000)}`, 'a policy of more than 1000 characters is not read'],
])('says what is wrong with %s', (text, problem) => {
  expect(policyChange(base, text)).toContain(problem);
});
