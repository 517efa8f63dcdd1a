// Views of deployments as the engine would give them, for tests of what is drawn from them.

import type { DeploymentView, Observation, Person, SideCounts, TrendView } from '@bg/engine';

export const noon = Date.UTC(2026, 10, 21, 12, 0, 0);

export const people: readonly Person[] = [
  person('alice', 'Alice Moreau', 'U0ALICE'),
  person('bob', 'Bob Lindqvist', 'U0BOB'),
  person('carol', 'Carol & <Co>', undefined),
];

function person(id: string, name: string, slack: string | undefined): Person {
  return { id, name, slack, email: undefined, codeHost: undefined, osUser: undefined };
}

export function counts(requests: number, errors: number, p95Ms: number): SideCounts {
  const statusClasses = { '1xx': 0, '2xx': requests - errors, '3xx': 0, '4xx': 0, '5xx': errors };
  return { requests, errors, statusClasses, connectFailures: 0, p50Ms: p95Ms / 2, p95Ms, p99Ms: p95Ms * 2, open: 3 };
}

export const observation: Observation = {
  at: noon + 40_000,
  sinceMs: noon,
  stable: counts(10_842, 11, 175),
  canary: counts(1204, 2, 182),
  judgement: {
    verdict: 'Successful',
    sentence: '2 of 1204 requests failed on the new side (0.17 %, 0.10 % on the stable side)',
  },
  watchUntil: noon + 60_000,
};

/** A minute at 10 %, then a minute at 50 %, in spans of five seconds. */
export function trend(changes: Partial<TrendView> = {}): TrendView {
  const side = (requests: number, errors: number, p99Ms: number) => ({ requests, errors, p50Ms: p99Ms / 4, p99Ms });
  const points = Array.from({ length: 24 }, (_, index) => ({
    from: noon + index * 5_000,
    to: noon + (index + 1) * 5_000,
    percent: index < 12 ? 10 : 50,
    stable: side(900, 9, 80 + index),
    canary: side(100, index, 90 + index * 5),
  }));
  return { version: 'v2.1', from: 'v2.0', points, decision: undefined, ...changes };
}

export const titles = [
  ['expand-schema', 'widen the database schema'],
  ['start-preview', 'start v2.1'],
  ['check-health', 'check health'],
  ['shift-traffic', 'send 10 % of users to v2.1'],
  ['watch', 'watch 10 % for 60 s'],
  ['await-approval', 'approval at 10 %'],
  ['promote', 'send all users to v2.1'],
] as const;

export function steps(current: number): DeploymentView['steps'] {
  return titles.map(([name, title], position) => ({
    name,
    title,
    position,
    status: position < current ? 'done' : position === current ? 'started' : 'waiting',
    startedAt: position <= current ? noon + position * 4000 : undefined,
    endedAt: position < current ? noon + position * 4000 + 3000 : undefined,
  }));
}

export function view(changes: Partial<DeploymentView> = {}): DeploymentView {
  return {
    id: 'dep_7f3a',
    service: 'shop',
    target: 'production',
    name: 'shop',
    version: 'v2.1',
    digest: 'a'.repeat(64),
    origin: {
      commit: '4f2a9c1d0b',
      url: 'https://code.example.com/shop/commit/4f2a9c1d0b',
      author: 'Alice',
      subject: 'New prices',
    },
    mode: 'deploy',
    slot: 'green',
    from: { slot: 'blue', version: 'v2.0' },
    requestedBy: 'person:alice',
    requestedAt: noon,
    reason: undefined,
    phase: 'start-preview',
    direction: 'forward',
    waitsFor: 'nothing',
    stateVersion: 12,
    planHash: 'abcdef0123456789',
    steps: steps(1),
    percent: 0,
    paused: undefined,
    approval: undefined,
    approvedBy: [],
    observation: undefined,
    receipt: undefined,
    cause: undefined,
    outcome: undefined,
    change: undefined,
    notes: undefined,
    schema: undefined,
    warnings: [],
    actions: [
      { name: 'pause', effect: 'Stays where it is.', danger: false },
      { name: 'abort', effect: 'Sends all users back to v2.0 and stops v2.1.', danger: true },
    ],
    kept: undefined,
    channel: '#deploys',
    ...changes,
  };
}

const approvalActions: DeploymentView['actions'] = [
  { name: 'approve', effect: 'Goes on to everybody.', danger: false },
  { name: 'reject', effect: 'Sends all users back to v2.0.', danger: true },
  { name: 'extend', effect: 'Thirty more minutes.', danger: false },
  { name: 'abort', effect: 'Sends all users back to v2.0 and stops v2.1.', danger: true },
];

const approval: DeploymentView['approval'] = {
  id: 'dep_7f3a.5',
  status: 'pending',
  planHash: 'abcdef0123456789',
  needed: 1,
  given: [],
  askedAt: noon,
  deadlineAt: noon + 3_600_000,
  onTimeout: 'abort',
  decidedBy: undefined,
  decidedAt: undefined,
  reason: undefined,
  approvers: ['bob', 'carol', 'group:S0APPROVERS'],
  fourEyes: true,
  writers: [],
};

const receipt: DeploymentView['receipt'] = {
  at: noon + 90_000,
  generation: 7,
  expected: { slot: 'green', version: 'v2.1' },
  nodes: [{ node: '127.0.0.1:8080', probes: 20, seen: 20, problem: undefined }],
  proved: true,
  ms: 140,
  proof: 'fields',
};

const kept = { slot: 'blue', version: 'v2.0', label: 'standby', until: noon + 86_400_000 } as const;
const rollback: DeploymentView['actions'] = [
  { name: 'rollback', effect: 'Sends all users back to v2.0 at once.', danger: true },
];

function ended(kind: NonNullable<DeploymentView['outcome']>['kind'], sentence: string): Partial<DeploymentView> {
  return {
    phase: 'finished',
    outcome: { kind, code: kind, sentence, actor: 'person:bob', at: noon + 120_000 },
    actions: [],
  };
}

/** One view per picture a card can show. */
export const everyView: Readonly<Record<string, DeploymentView>> = {
  fetching: view({ phase: 'fetching', steps: [], digest: undefined }),
  working: view(),
  'very first': view({ from: undefined, reason: 'first one' }),
  canary: view({ phase: 'watch', waitsFor: 'time', percent: 10, steps: steps(4), observation }),
  approval: view({
    phase: 'await-approval',
    waitsFor: 'people',
    percent: 10,
    steps: steps(5),
    observation: { ...observation, watchUntil: undefined },
    approval,
    actions: approvalActions,
  }),
  paused: view({
    phase: 'watch',
    waitsFor: 'time',
    percent: 10,
    steps: steps(4),
    observation,
    paused: { by: 'person:bob', at: noon },
    actions: [{ name: 'resume', effect: 'Goes on.', danger: false }],
  }),
  held: view({
    phase: 'hold',
    waitsFor: 'people',
    steps: steps(3),
    actions: [{ name: 'promote', effect: 'Goes on.', danger: false }],
  }),
  baking: view({ phase: 'bake', waitsFor: 'time', percent: 100, steps: steps(7), receipt, kept, actions: rollback }),
  unwinding: view({
    direction: 'unwinding',
    percent: 10,
    steps: steps(4),
    cause: { code: 'canary-failed', sentence: '9 % errors on the new side', actor: 'engine' },
    observation,
  }),
  promoted: view({
    ...ended('promoted', 'v2.1 is live'),
    percent: 100,
    receipt,
    kept,
    actions: rollback,
    approvedBy: ['bob'],
  }),
  aborted: view(ended('aborted', 'bob gave up before everybody had it')),
  'rolled back': view({
    ...ended('rolled-back', 'back on v2.0 after crashes'),
    receipt: { ...receipt, expected: { slot: 'blue', version: 'v2.0' } },
  }),
  failed: view({
    ...ended('failed', 'v2.1 ended at once: cannot read config'),
    kept: { ...kept, slot: 'green', version: 'v2.1', label: 'failed' },
    actions: [
      { name: 'restore-failed', effect: 'Starts v2.0 in green again.', danger: false },
      { name: 'keep-failed', effect: 'Leaves it.', danger: false },
    ],
  }),
  superseded: view(ended('superseded', 'v2.2 was asked for')),
  cancelled: view(ended('cancelled', 'never started')),
  halted: view({
    ...ended('halted', 'the load balancer does not follow'),
    actions: [{ name: 'abort', effect: 'Tries again to go back.', danger: true }],
  }),
};
