// A deployment as the engine shows it, for tests of how it is rendered. It does not replace the engine.

import type { DeploymentView, SideCounts, StepView } from '@bg/engine';

const counts = (requests: number, errors: number): SideCounts => ({
  requests,
  errors,
  statusClasses: { '1xx': 0, '2xx': requests - errors, '3xx': 0, '4xx': 0, '5xx': errors },
  connectFailures: 0,
  p50Ms: 4,
  p95Ms: 9,
  p99Ms: 14,
  open: 2,
});

export function step(position: number, status: StepView['status'], title: string): StepView {
  const startedAt = status === 'waiting' ? undefined : 1000 * position;
  const endedAt = status === 'waiting' || status === 'started' ? undefined : 1000 * position + 500;
  return { name: 'check-health', position, title, status, startedAt, endedAt };
}

export const canaryView: DeploymentView = {
  id: 'd-1',
  service: 'shop',
  target: 'production',
  name: 'shop',
  version: 'v2.1',
  digest: 'abc',
  origin: undefined,
  mode: 'deploy',
  slot: 'green',
  from: { slot: 'blue', version: 'v2.0' },
  requestedBy: 'person:alice',
  requestedAt: 0,
  reason: undefined,
  phase: 'watch',
  waitsFor: 'time',
  direction: 'forward',
  stateVersion: 4,
  planHash: 'p',
  steps: [
    step(0, 'done', 'start v2.1'),
    step(1, 'started', 'watch 10 % for 60 s'),
    step(2, 'waiting', 'approval at 10 %'),
  ],
  percent: 10,
  paused: undefined,
  approval: undefined,
  approvedBy: [],
  observation: {
    at: 30_000,
    sinceMs: 10_000,
    stable: counts(1000, 0),
    canary: counts(100, 1),
    judgement: { verdict: 'Inconclusive', sentence: '100 of at least 200 requests seen on the new side' },
    watchUntil: 60_000,
  },
  receipt: undefined,
  cause: undefined,
  outcome: undefined,
  schema: undefined,
  warnings: [],
  actions: [
    { name: 'promote', effect: 'go on to the next step', danger: false },
    { name: 'abort', effect: 'send all users back to v2.0', danger: true },
  ],
  kept: undefined,
  channel: '#deploys',
};
