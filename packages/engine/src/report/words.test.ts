import { expect, test } from 'vitest';
import type { Figures } from '../api/report.ts';
import { durationWords, figureRows, goalRows, headlineOf } from './words.ts';

const nothing: Figures = {
  finished: 0,
  outcomes: [],
  deployments: 0,
  perWeek: undefined,
  leadTime: { fromCommit: undefined, fromRequest: undefined },
  changes: 0,
  failedChanges: 0,
  changeFailureRate: undefined,
  restore: undefined,
  unrestored: 0,
  moves: 0,
  reworked: 0,
  reworkRate: undefined,
  rollback: undefined,
  peopleWaiting: undefined,
  withoutPeople: undefined,
};

const full: Figures = {
  ...nothing,
  finished: 4,
  outcomes: [
    { outcome: 'promoted', code: 'deploy', count: 3 },
    { outcome: 'failed', code: 'canary-failed', count: 1 },
  ],
  deployments: 3,
  perWeek: 3,
  leadTime: {
    fromCommit: { count: 2, medianMs: 5_400_000, p95Ms: 7_200_000 },
    fromRequest: { count: 1, medianMs: 400, p95Ms: 400 },
  },
  changes: 4,
  failedChanges: 1,
  changeFailureRate: 0.25,
  restore: { count: 1, medianMs: 3_640, p95Ms: 3_640 },
  unrestored: 1,
  moves: 4,
  reworked: 1,
  reworkRate: 0.25,
  rollback: { count: 1, medianMs: 900, p95Ms: 900 },
};

test('an empty period says so, and names no figure', () => {
  expect(headlineOf({ figures: nothing })).toBe('no deployments');
  expect(figureRows(nothing)).toEqual([]);
  expect(headlineOf({ figures: { ...nothing, finished: 2 } })).toBe('no deployment was promoted');
});

test('the headline is what happened, and each row says what it counts', () => {
  expect(headlineOf({ figures: full })).toBe(
    '3 deployments, 1 failed, 1 rollback, users were well again after 3.6 s, 1 not restored yet',
  );
  expect(figureRows(full).map(({ label, text }) => `${label}: ${text}`)).toEqual([
    'Deployments: 3, 3 per week',
    'Lead time: median 1 h 30 min, 95 % within 2 h 0 min from the commit (2); 0.4 s from the request, commit unknown (one)',
    'Change failure rate: 25 % (1 of 4)',
    'Time to restore: 3.6 s (one); 1 not restored yet',
    'Rework rate: 25 % (1 of 4)',
    'Rollback: 0.9 s (one)',
    'Outcomes: 3 promoted (deploy), 1 failed (canary-failed)',
  ]);
});

test('goals say what was wanted, also where there is nothing to compare', () => {
  expect(
    goalRows([
      { goal: 'rollback', wanted: 5_000, actual: 900, isMet: true },
      { goal: 'deploymentsPerWeek', wanted: 0.5, actual: undefined, isMet: undefined },
      { goal: 'changeFailureRate', wanted: 0.15, actual: 0.25, isMet: false },
    ]),
  ).toEqual([
    { label: 'Rollback (95 %)', text: '0.9 s, wanted at most 5 s', isMet: true },
    { label: 'Deployments per week', text: 'nothing to compare, wanted at least 0.5', isMet: undefined },
    { label: 'Change failure rate', text: '25 %, wanted at most 15 %', isMet: false },
  ]);
});

test.each([
  [0, '0 s'],
  [1_250, '1.3 s'],
  [45_400, '45 s'],
  [720_000, '12 min'],
])('%i ms are %s', (ms, words) => {
  expect(durationWords(ms)).toBe(words);
});
