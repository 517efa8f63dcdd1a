// Views of targets and plans as the engine would give them, for tests of what is drawn from them.

import type { PlanView, SlotView, TargetView } from '@bg/engine';
import { everyView, noon, titles } from './views.ts';

export function slot(changes: Partial<SlotView>): SlotView {
  return {
    slot: 'blue',
    role: 'active',
    port: 4001,
    version: 'v2.0',
    since: noon,
    label: undefined,
    keepUntil: undefined,
    health: 'healthy',
    healthProblem: undefined,
    proof: 'fields',
    pid: 4711,
    cpuPercent: 3,
    memoryBytes: 50_000_000,
    restarts: 0,
    open: 0,
    ...changes,
  };
}

export function targetView(changes: Partial<TargetView> = {}): TargetView {
  return {
    service: 'shop',
    target: 'production',
    name: 'shop',
    channel: '#deploys',
    slots: [
      slot({}),
      slot({
        slot: 'green',
        role: 'standby',
        version: 'v1.9',
        keepUntil: noon + 1000,
        restarts: 2,
        health: 'unhealthy',
        healthProblem: 'HTTP 500',
      }),
    ],
    routing: { generation: 7, active: 'blue', canary: { slot: 'green', percent: 10 }, preview: undefined },
    nodes: [{ node: '127.0.0.1:8080', reachable: true, routing: undefined }],
    entrypoints: ['http://127.0.0.1:8080'],
    drift: undefined,
    schema: undefined,
    lock: { owner: 'person:bob', reason: 'quiet day', since: noon, until: noon + 3_600_000 },
    live: everyView.canary,
    last: everyView.promoted,
    rollback: { readiness: 'instant', version: 'v1.9', sentence: 'v1.9 is warm in green' },
    actions: [{ name: 'rollback', effect: 'Sends all users back to v1.9.', danger: true }],
    ...changes,
  };
}

export const planView: PlanView = {
  mode: 'deploy',
  name: 'shop',
  version: 'v2.1',
  slot: 'green',
  from: 'v2.0',
  steps: titles.map(([, title]) => title),
  schema: ['add column orders.note'],
  routing: ['10 % to green', '100 % to green'],
  gates: [
    { name: 'lock', refusal: { code: 'target-locked', sentence: 'bob holds shop', hint: '' } },
    { name: 'schema', refusal: undefined },
  ],
  warnings: ['fewer than three smoke tests'],
  hash: 'abcdef0123456789',
};
