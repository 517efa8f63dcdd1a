// One sample of each fact: for `bg notify preview`, and to fill in every template once before it is needed.

import { type MailFact, mailFacts } from '../../domain/notices.ts';
import type { Detail, Fact } from './facts.ts';
import type { SummaryFacts } from './summary.ts';

/** A Saturday in March: samples are the same whenever they are shown. */
const at = Date.UTC(2026, 2, 7, 14, 5);

const build: readonly Detail[] = [
  { label: 'Repository', value: 'example/shop' },
  { label: 'Branch', value: 'main' },
  { label: 'Version', value: 'v2.1' },
  { label: 'Commit', value: '0f3c9a1b2d4e' },
  { label: 'Subject', value: 'Show prices with <b>tax</b>' },
  { label: 'Authors', value: 'Alice Adams' },
];

const deployment: readonly Detail[] = [
  { label: 'Version', value: 'v2.1' },
  { label: 'Before', value: 'v2.0' },
  { label: 'Requested by', value: 'Alice Adams' },
];

const words: Readonly<Record<MailFact, Pick<Fact, 'headline' | 'sentence' | 'details'>>> = {
  'build-broken': {
    headline: 'shop: the build is broken on main',
    sentence: 'the build of v2.1 on main failed',
    details: build,
  },
  'build-fixed': {
    headline: 'shop: the build is fixed on main',
    sentence: 'main builds again with v2.1',
    details: build,
  },
  'awaiting-approval': {
    headline: 'shop: v2.1 waits for approval',
    sentence: 'asks for approval with 10 % of users on v2.1',
    details: [...deployment, { label: 'Decide before', value: '2026-03-07 15:05 UTC' }],
  },
  'break-glass': {
    headline: 'shop: v2.1 was approved by one person alone in an emergency',
    sentence:
      'bob approves v2.1 alone in an emergency (break-glass), 2 approvals were asked for: checkout is down, this fixes it',
    details: [...deployment, { label: 'Approved alone by', value: 'Bob Brown' }],
  },
  live: { headline: 'shop: v2.1 is live', sentence: 'v2.1 is live', details: deployment },
  'rolled-back': {
    headline: 'shop: v2.1 was rolled back to v2.0',
    sentence: 'v2.1 answered 7.5 % of requests with errors, more than 5 %',
    details: deployment,
  },
  failed: {
    headline: 'shop: v2.1 failed',
    sentence: 'the smoke test "order" got 500 instead of 200',
    details: [...deployment, { label: 'Reason', value: 'sale starts at 18:00' }],
  },
  'side-restored': {
    headline: 'shop: the failed side is back on v2.0',
    sentence: 'brought green back from v2.1 to v2.0',
    details: [],
  },
  halted: {
    headline: 'shop: v2.1 halted and needs a person',
    sentence: 'needs a person: promote could not be undone: the load balancer did not answer',
    details: deployment,
  },
};

export const samples: readonly Fact[] = mailFacts.map((name, index) => ({
  ...words[name],
  name,
  seq: 400 + index,
  at,
  service: 'shop',
  target: name.startsWith('build-') ? undefined : 'production',
  deploymentId: name.startsWith('build-') ? undefined : '0198c2f0-sample',
  buildUrl: name.startsWith('build-') ? 'https://ci.example.com/shop/runs/1234' : undefined,
}));

const minuteMs = 60_000;

export const sampleSummary: SummaryFacts = {
  every: 'week',
  missed: 1,
  period: {
    since: Date.UTC(2026, 1, 23),
    until: Date.UTC(2026, 2, 2),
    zone: 'UTC',
    local: { since: '2026-02-23 00:00 UTC', until: '2026-03-02 00:00 UTC' },
  },
  figures: {
    finished: 6,
    outcomes: [
      { outcome: 'promoted', code: 'deploy', count: 5 },
      { outcome: 'rolled-back', code: 'canary-failed', count: 1 },
    ],
    deployments: 5,
    perWeek: 5,
    leadTime: { fromCommit: { count: 5, medianMs: 90 * minuteMs, p95Ms: 240 * minuteMs }, fromRequest: undefined },
    changes: 6,
    failedChanges: 1,
    changeFailureRate: 1 / 6,
    restore: { count: 1, medianMs: 2 * minuteMs, p95Ms: 2 * minuteMs },
    unrestored: 0,
    moves: 5,
    reworked: 0,
    reworkRate: 0,
    rollback: { count: 1, medianMs: 400, p95Ms: 400 },
    peopleWaiting: { count: 5, medianMs: 12 * minuteMs, p95Ms: 45 * minuteMs },
    withoutPeople: { count: 5, medianMs: 18 * minuteMs, p95Ms: 25 * minuteMs },
  },
  goals: [
    { goal: 'changeFailureRate', wanted: 0.15, actual: 1 / 6, isMet: false },
    { goal: 'rollback', wanted: 5_000, actual: 400, isMet: true },
  ],
  targets: [{ name: 'shop/production', headline: '5 deployments, 1 failed' }],
};
