import { expect, it } from 'vitest';
import type { AuditRow } from '../../../domain/audit-events.ts';
import type { StepRow } from '../../../state/deployments.ts';
import { coveredMs, waitsOf } from './waits-of.ts';

let seq = 0;
const event = (at: number, action: string, sentence = action): AuditRow => ({
  seq: ++seq,
  at,
  actor: 'engine',
  action,
  service: 'shop',
  target: 'production',
  deploymentId: 'd_1',
  code: null,
  sentence,
  detail: {},
  hash: '',
});
const step = (name: string, startedAt: number, endedAt: number | null, more: Partial<StepRow> = {}): StepRow => ({
  deploymentId: 'd_1',
  position: 0,
  direction: 'forward',
  name,
  status: endedAt === null ? 'started' : 'done',
  attempts: 1,
  startedAt,
  endedAt,
  note: null,
  ...more,
});

const nothing = { queued: undefined, beganAt: 100, journal: [], events: [], until: 1_000 };

it('what was scheduled waits for its time, and then for the target', () => {
  const waits = waitsOf({ ...nothing, queued: { requestedAt: 10, dueAt: 60 } });
  expect(waits.map(({ kind, from, to }) => [kind, from, to])).toEqual([
    ['schedule', 10, 60],
    ['queue', 60, 100],
  ]);
  expect(waitsOf({ ...nothing, queued: { requestedAt: 10, dueAt: null } })).toMatchObject([{ kind: 'queue', ms: 90 }]);
  // A clock that was set: what was due after it began began early, and nothing is counted twice.
  expect(waitsOf({ ...nothing, queued: { requestedAt: 10, dueAt: 500 } })).toMatchObject([
    { kind: 'schedule', ms: 90 },
  ]);
});

it('an approval, a hold, a pause and a freeze are waits; a skipped step and an undo are none', () => {
  const waits = waitsOf({
    ...nothing,
    journal: [
      step('hold', 110, 150),
      step('await-approval', 200, null),
      step('await-approval', 150, 160, { status: 'skipped' }),
      step('hold', 900, 950, { direction: 'unwinding' }),
    ],
    events: [
      event(150, 'step-done', 'hold: moved on by bob'),
      event(200, 'approval-asked'),
      event(300, 'paused'),
      event(310, 'paused'),
      event(400, 'resumed'),
      event(500, 'freeze-holds'),
      event(510, 'freeze-holds'),
      event(600, 'freeze-overridden'),
    ],
  });
  expect(waits.map(({ kind, from, to, ms }) => [kind, from, to, ms])).toEqual([
    ['hold', 110, 150, 40],
    ['approval', 200, undefined, 800],
    ['pause', 300, 400, 100],
    ['freeze', 500, 600, 100],
  ]);
  expect(waits[0]?.sentence).toBe('moved on by bob');
});

it.each(['turned-back', 'deployment-finished'])('%s ends a pause', (action) => {
  const waits = waitsOf({ ...nothing, events: [event(200, 'paused'), event(300, action), event(400, 'resumed')] });
  expect(waits).toMatchObject([{ kind: 'pause', from: 200, to: 300 }]);
});

it('one that lasts still has no end', () => {
  expect(waitsOf({ ...nothing, events: [event(200, 'paused')] })).toMatchObject([{ to: undefined, ms: 800 }]);
});

it('time that several waits share is counted once, and only within the bounds', () => {
  const span = (from: number, to: number) => ({ from, ms: to - from });
  const all = { from: 0, to: 100 };
  expect(coveredMs([], all)).toBe(0);
  expect(coveredMs([span(10, 30), span(20, 40)], all)).toBe(30);
  expect(coveredMs([span(10, 90), span(20, 30), span(95, 200)], all)).toBe(85);
  expect(coveredMs([span(-50, 5), span(99, 300)], all)).toBe(6);
  expect(coveredMs([span(50, 20)], all)).toBe(0);
});
