import { describe, expect, test } from 'vitest';
import { describeReport } from './describe.ts';
import type { CompatReport, Evidence } from './report.ts';

const finding = (effect: Evidence['effect'], sentence: string): Evidence => ({
  layer: 'prepare',
  release: 'v1',
  file: undefined,
  object: undefined,
  classes: [],
  effect,
  sentence,
});
const covered = { release: 'v1', source: 'recorded', statements: 3, prepared: 2, smoke: 'absent' } as const;
const report = (changed: Partial<CompatReport>): CompatReport => ({
  verdict: 'compatible',
  additive: true,
  findings: [],
  coverage: [covered],
  scratch: 'copied',
  notChecked: ['the weather'],
  ...changed,
});
const headline = (changed: Partial<CompatReport>): string => describeReport(report(changed)).headline;

describe('a report', () => {
  test('has a headline for its verdict', () => {
    expect(headline({})).toBe('compatible: v1 can work on it');
    const findings = [finding('breaks', 'nick is gone'), finding('breaks', 'so is age'), finding('said', 'fine')];
    expect(headline({ verdict: 'incompatible', findings })).toBe('incompatible: nick is gone (and 1 more)');
    expect(headline({ verdict: 'unknown', findings: [finding('unclear', 'it may fail')] })).toBe(
      'unknown, and only adds: it may fail',
    );
    const none = { ...covered, source: 'none' } as const;
    expect(headline({ verdict: 'unknown', additive: false, coverage: [none] })).toBe(
      'unknown: nothing is known of what v1 needs',
    );
    expect(headline({ verdict: 'unknown', scratch: 'no scratch server' })).toContain('no scratch server');
  });

  test('says how each release was checked, and what was not checked', () => {
    expect(describeReport(report({ findings: [finding('said', 'fine')] })).lines).toEqual([
      'note (prepare, v1): fine',
      'v1: needs from its recorded statements, 2 of 3 statements prepared, smoke tests absent',
      'scratch copy: copied',
      'not checked: the weather',
    ]);
  });
});
