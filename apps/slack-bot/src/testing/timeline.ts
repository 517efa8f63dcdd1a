// A timeline as the engine gives it, for tests of how it is drawn.

import type { TimelineView } from '@bg/engine';

const side = { requests: 1_200, errors: 3, connectFailures: 0, p50Ms: 4, p95Ms: 9, p99Ms: 14 };
const log = ['cannot open /etc/shop.conf'];
const at = 1_767_603_600_000;

export const failedTimeline: TimelineView = {
  id: 'd_c3797810',
  service: 'shop',
  target: 'production',
  name: 'shop',
  mode: 'deploy',
  version: 'v2.1',
  digest: 'abc',
  commit: '0123456789abcdef',
  from: 'v2.0',
  slot: 'green',
  requestedBy: 'person:alice',
  reason: 'prices in cents',
  askedAt: at,
  beganAt: at + 1_000,
  endedAt: at + 90_000,
  outcome: { kind: 'failed', code: 'side-crashed', sentence: 'v2.1 in green ended', actor: 'engine', at: at + 90_000 },
  duration: { totalMs: 90_000, waitedMs: 31_000, machineMs: 59_000 },
  steps: [
    {
      name: 'watch',
      position: 6,
      direction: 'forward',
      title: 'watch 10 % for 60 s',
      status: 'failed',
      startedAt: at + 2_000,
      endedAt: at + 80_000,
      ms: 78_000,
      measuredBy: 'monotonic',
      waitedMs: 30_000,
      attempts: 2,
      sentence: 'v2.1 in green ended',
      code: 'side-crashed',
      numbers: {
        at: at + 70_000,
        sinceMs: at + 2_000,
        stable: side,
        canary: side,
        judgement: { verdict: 'Inconclusive', sentence: 'not enough' },
      },
      receipt: {
        at: at + 3_000,
        generation: 7,
        expected: { slot: 'green', version: 'v2.1' },
        nodes: [{ node: 'http://127.0.0.1:8080', probes: 20, seen: 19, problem: 'timeout' }],
        proved: false,
        ms: 40,
        proof: 'fields',
      },
      log,
    },
  ],
  waits: [{ kind: 'pause', from: at + 10_000, to: undefined, ms: 30_000, sentence: 'alice pauses it' }],
  approvals: [
    {
      askedAt: at + 5_000,
      needed: 2,
      decisions: [{ at: at + 6_000, by: 'person:bob', kind: 'break-glass', sentence: 'an outage' }],
    },
  ],
  shares: [{ percent: 10, from: at + 2_000, to: at + 80_000 }],
  routings: [{ at: at + 2_000, generation: 7, sentence: '10 % of users to v2.1', silent: [] }],
  refusals: [
    {
      seq: 9,
      at: at + 7_000,
      actor: 'person:alice',
      action: 'refused',
      code: 'four-eyes',
      sentence: 'approve: alice asked for it',
      about: 'deployment',
      log: [],
    },
  ],
  entries: [],
  remarks: ['a step was begun again'],
};
