// The summary is read on a phone in two seconds: its first line is what happened. Slack takes it, whatever is in it.

import { expect, test } from 'vitest';
import { checkBlocks } from '../../../../tools/simulator/validate/blocks.ts';
import { hostileTexts } from '../testing/hostile.ts';
import { type SummaryFacts, summaryCard } from './summary-card.ts';

const nothing: SummaryFacts['figures'] = {
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
const spread = { count: 12, medianMs: 180_000, p95Ms: 720_000 };
const facts: SummaryFacts = {
  period: {
    since: 0,
    until: 1,
    zone: 'Europe/Berlin',
    local: { since: '2026-11-23 00:00 Europe/Berlin', until: '2026-11-30 00:00 Europe/Berlin' },
  },
  figures: {
    finished: 14,
    outcomes: [
      { outcome: 'promoted', code: 'deploy', count: 12 },
      { outcome: 'failed', code: 'canary-failed', count: 2 },
    ],
    deployments: 12,
    perWeek: 12,
    leadTime: { fromCommit: spread, fromRequest: spread },
    changes: 14,
    failedChanges: 2,
    changeFailureRate: 2 / 14,
    restore: spread,
    unrestored: 1,
    moves: 13,
    reworked: 1,
    reworkRate: 1 / 13,
    rollback: { count: 1, medianMs: 900, p95Ms: 900 },
    peopleWaiting: spread,
    withoutPeople: spread,
  },
  goals: [
    { goal: 'restore', wanted: 600_000, actual: 180_000, isMet: true },
    { goal: 'changeFailureRate', wanted: 0.1, actual: 2 / 14, isMet: false },
    { goal: 'rollback', wanted: 5_000, actual: undefined, isMet: undefined },
  ],
  every: 'week',
  missed: 2,
  targets: Array.from({ length: 30 }, (_, at) => ({ name: `shop/eu-${at}`, headline: 'no deployments' })),
};

const first =
  '📊 *Last week*: 12 deployments, 2 failed, 1 rollback, users were well again after 3 min, 1 not restored yet';

test('the first line is what happened, and it is the notification as well', () => {
  const { text, blocks } = summaryCard(facts);
  expect(text).toBe(first);
  expect(blocks[0]).toMatchObject({ text: { text: first } });
  expect(checkBlocks(blocks, 'message')).toMatchObject({ ok: true });
  const all = JSON.stringify(blocks);
  for (const part of [
    '🟢 *Time to restore (median)*',
    '🔴 *Change failure rate*',
    '⚪ *Rollback',
    '… and 20 more',
    '2 weeks',
  ])
    expect(all).toContain(part);
});

test('nothing happened: two lines, without a rate', () => {
  const { text, blocks } = summaryCard({ ...facts, figures: nothing, goals: [], targets: [], missed: 0, every: 'day' });
  expect(text).toBe('📊 *Last day*: no deployments');
  expect(blocks).toHaveLength(2);
  expect(JSON.stringify(blocks)).not.toMatch(/NaN|undefined|%/);
  expect(checkBlocks(blocks, 'message')).toMatchObject({ ok: true });
});

test.each(Object.entries(hostileTexts))('a name and a code with %s are only text', (_, text) => {
  const { blocks } = summaryCard({
    ...facts,
    figures: { ...facts.figures, outcomes: [{ outcome: 'failed', code: text, count: 1 }] },
    targets: facts.targets.map(({ headline }) => ({ name: text, headline })),
  });
  expect(checkBlocks(blocks, 'message')).toMatchObject({ ok: true });
  expect(JSON.stringify(blocks)).not.toMatch(/<!|<@|<https?:/);
});
