// What the compiler refuses to write, and what a reader gets of rows of every version.

import { describe, expect, it } from 'vitest';
import { type AuditAction, type AuditEvent, type AuditRow, auditEvents, readEvent } from './audit-events.ts';
import { outcomeOf, type ReasonCode } from './reasons.ts';

const row = (action: string, detail: AuditRow['detail'] = {}): AuditRow => ({
  seq: 1,
  at: 1_000,
  actor: 'engine',
  action,
  service: 'shop',
  target: 'production',
  deploymentId: null,
  code: null,
  sentence: 'something happened',
  detail,
  hash: 'h',
});

describe('an event', () => {
  const said = { actor: 'engine', sentence: 'something happened' };
  const events: AuditEvent[] = [];
  const write = (event: AuditEvent) => void events.push(event);

  it('is written with the detail and the code of its action, and compiles with no other', () => {
    write({ ...said, action: 'locked', detail: { until: 5 } });
    write({ ...said, action: 'paused' });
    write({
      ...said,
      action: 'crashed',
      code: 'active',
      detail: { slot: 'blue', role: 'active', version: 'v1', lastLog: [] },
    });
    // @ts-expect-error no such action
    write({ ...said, action: 'lockd', detail: { until: 5 } });
    // @ts-expect-error without its detail
    write({ ...said, action: 'locked' });
    // @ts-expect-error a field of another type
    write({ ...said, action: 'locked', detail: { until: 'noon' } });
    // @ts-expect-error the detail of another action
    write({ ...said, action: 'locked', detail: { owner: 'person:bob' } });
    // @ts-expect-error one field more
    write({ ...said, action: 'locked', detail: { until: 5, owner: 'person:bob' } });
    // @ts-expect-error this action has no detail
    write({ ...said, action: 'paused', detail: { until: 5 } });
    // @ts-expect-error this action has no code
    write({ ...said, action: 'paused', code: 'given-up' });
    write({
      ...said,
      action: 'crashed',
      // @ts-expect-error no role has this name
      code: 'spare',
      detail: { slot: 'blue', role: 'active', version: 'v1', lastLog: [] },
    });
    // @ts-expect-error no kind of mail has this name
    write({ ...said, action: 'mail-dropped', code: 'newsletter', detail: { fact: 'live' } });
    // @ts-expect-error no reason has this name
    write({ ...said, action: 'turned-back', code: 'bad-luck' });
    const part: string = 'started';
    // @ts-expect-error a name that is put together is no action
    write({ ...said, action: `step-${part}` });
    expect(events).toHaveLength(14);
  });

  it('is read by its action: a switch that leaves one out does not compile', () => {
    const read = readEvent(row('unlocked', { owner: 'person:bob' }));
    if (read?.action !== 'unlocked') throw new Error('it was not read');
    const owner: string | undefined = read.detail.owner;
    // @ts-expect-error the field of another action
    void read.detail.until;
    // @ts-expect-error a row of an older version may lack it
    const sure: string = read.detail.owner;
    const isNever = (event: 'locked' | 'unlocked'): void => {
      switch (event) {
        case 'locked':
          return;
        default:
          // @ts-expect-error `unlocked` is not handled
          event satisfies never;
      }
    };
    isNever('unlocked');
    expect([owner, sure]).toEqual(['person:bob', 'person:bob']);
  });
});

describe('a row of an older version', () => {
  it('whose action is written no longer is no event', () => {
    expect(readEvent(row('quarantined', { version: 'v1' }))).toBeUndefined();
    expect(readEvent(row('constructor'))).toBeUndefined();
  });

  it('lacks what was not written then, and what is written otherwise now', () => {
    const observed = [{ node: 'a', reachable: true, routing: undefined }];
    expect(readEvent(row('drift-found', { observed }))?.detail).toEqual({ observed });
    expect(readEvent(row('drift-found', { drift: 7, observed: 'a', intent: null }))?.detail).toEqual({});
    expect(readEvent(row('side-restored', { slot: 'red', version: 'v1', more: true }))?.detail).toEqual({
      version: 'v1',
    });
    expect(readEvent(row('deployment-finished', { outcome: 'exploded', from: null }))?.detail).toEqual({ from: null });
  });

  it.each(Object.keys(auditEvents) as readonly AuditAction[])('of %s is read without any detail', (action) => {
    expect(readEvent(row(action))).toMatchObject({ action, seq: 1, sentence: 'something happened' });
    const detail = Object.fromEntries(Object.keys(auditEvents[action]).map((name) => [name, Symbol.iterator.toString]));
    expect(readEvent(row(action, detail))?.action).toBe(action);
  });
});

describe('a reason', () => {
  it('is one of a closed union', () => {
    const reason: ReasonCode = 'never-healthy';
    // @ts-expect-error no reason has this name
    const other: ReasonCode = 'bad-luck';
    expect([reason, other]).toHaveLength(2);
  });

  it.each<[string, boolean, string]>([
    ['never-healthy', false, 'failed'],
    ['given-up', false, 'aborted'],
    ['given-up', true, 'rolled-back'],
    ['schema-locked', false, 'failed'],
    ['start-failed', true, 'rolled-back'],
    ['undo-failed', true, 'halted'],
    ['a code of an older version', false, 'failed'],
    ['a code of an older version', true, 'rolled-back'],
    ['toString', false, 'failed'],
  ])('%s, promoted before: %s, leads to %s', (code, isPromoted, outcome) => {
    expect(outcomeOf(code, { isPromoted })).toBe(outcome);
  });
});
