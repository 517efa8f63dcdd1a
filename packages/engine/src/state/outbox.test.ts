import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Outbox } from '../domain/outbox.ts';
import { createOutbox } from './outbox.ts';
import { movableClock, setState, type TestState } from './testing/state.ts';

const clock = movableClock();
let state: TestState;
let outbox: Outbox;

beforeEach(() => {
  state = setState({ clock });
  outbox = createOutbox(state.store);
});
afterEach(() => state.remove());

const put = (key: string, payload: unknown, more: { urgent?: boolean; final?: boolean } = {}) => {
  clock.advance(1);
  outbox.put({ key, transport: 'slack', kind: 'card', payload, ...more });
};
const due = () => outbox.due('slack', 10).map(({ key, payload }) => [key, payload]);

describe('the outbox', () => {
  it('sends the latest state only: what was overtaken is never sent', () => {
    put('card', 'starting');
    put('card', 'ten percent');
    put('card', 'live');
    expect(due()).toEqual([['card', 'live']]);
    expect(outbox.waiting('slack')).toBe(1);
  });

  it('sends again what changed while it was being sent', () => {
    put('card', 'ten percent');
    const [message] = outbox.due('slack', 1);
    put('card', 'live');
    outbox.sent('card', message?.version ?? 0, { ts: '1' });
    expect(due()).toEqual([['card', 'live']]);
    expect(outbox.reference('card')).toEqual({ ts: '1' });
  });

  it('forgets after three months where it said what, and never what still waits', () => {
    put('said', 1);
    outbox.sent('said', 1, { ts: '1' });
    put('waits', 2);
    clock.advance(91 * 86_400_000);
    put('said lately', 3);
    outbox.sent('said lately', 1, { ts: '3' });
    for (let more = 0; more < 200; more += 1) put('progress', more);
    expect(outbox.reference('said')).toBeUndefined();
    expect(outbox.reference('said lately')).toEqual({ ts: '3' });
    expect(due().map(([key]) => key)).toEqual(['waits', 'progress']);
  });

  it('lets the urgent go first, then the oldest, and keeps urgent what progress overtakes', () => {
    put('old', 1);
    put('older than urgent', 2);
    put('alarm', 3, { urgent: true });
    put('alarm', 4);
    expect(due().map(([key]) => key)).toEqual(['alarm', 'old', 'older than urgent']);
    outbox.sent('alarm', 2, null);
    put('alarm', 5);
    expect(due().map(([key]) => key)).toEqual(['old', 'older than urgent', 'alarm']);
  });

  it('sends again what was sent or waits, with its stored payload, and nothing else', () => {
    outbox.again('never put');
    put('card', 'ready');
    outbox.again('card', { urgent: true });
    expect(outbox.due('slack', 10)).toMatchObject([{ key: 'card', payload: 'ready', version: 2, urgent: true }]);
    outbox.sent('card', 2, { ts: '1' });
    expect(due()).toEqual([]);
    outbox.again('card');
    expect(outbox.due('slack', 10)).toMatchObject([{ key: 'card', version: 3, urgent: false, reference: { ts: '1' } }]);
    put('dropped', 'gone');
    outbox.drop('dropped', 1, 'nothing to show');
    outbox.again('dropped');
    expect(due()).toEqual([['card', 'ready']]);
  });

  it('waits before it tries again, counts the tries, and forgets them after a success', () => {
    put('card', 1);
    outbox.retry('card', 60_000, 'rate limited');
    expect(due()).toEqual([]);
    clock.advance(60_001);
    expect(outbox.due('slack', 1)[0]).toMatchObject({ attempts: 1 });
    outbox.sent('card', 1, null);
    put('card', 2);
    expect(outbox.due('slack', 1)[0]).toMatchObject({ attempts: 0 });
  });

  it('gives a message up without giving up what comes after it', () => {
    put('card', 1);
    outbox.retry('card', 0, 'no');
    outbox.drop('card', 1, 'channel archived');
    expect(due()).toEqual([]);
    put('card', 2);
    expect(outbox.due('slack', 1)[0]).toMatchObject({ payload: 2, attempts: 0 });
  });

  it('is bounded for progress, never for state changes, and still takes what replaces a waiting message', () => {
    state.db.$client.exec(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
       INSERT INTO outbox (key, transport, kind, payload, created_at, next_at) SELECT 'k' || i, 'slack', 'card', '1', 0, 0 FROM n`,
    );
    put('progress', 1);
    expect(outbox.waiting('slack')).toBe(5_000);
    put('k7', 'newer');
    expect(outbox.due('slack', 5_000).find(({ key }) => key === 'k7')?.payload).toBe('newer');
    put('ended', 1, { final: true });
    put('alarm', 1, { urgent: true });
    expect(outbox.waiting('slack')).toBe(5_002);
    put('of another', 1);
    outbox.put({ key: 'mail', transport: 'mail', kind: 'card', payload: 1 });
    expect(outbox.waiting('mail')).toBe(1);
  });

  it('survives the process: another one sends what waits', () => {
    put('card', { version: 'v2.1' });
    const elsewhere = createOutbox(state.another().store);
    expect(elsewhere.due('slack', 10)).toMatchObject([{ key: 'card', payload: { version: 'v2.1' } }]);
    elsewhere.sent('card', 1, { ts: '9' });
    expect(due()).toEqual([]);
    expect(outbox.reference('card')).toEqual({ ts: '9' });
    outbox.forget('card');
    expect(outbox.reference('card')).toBeUndefined();
  });

  it('tries a state change at once, however long the last problem asked to wait; mere progress waits on', () => {
    put('card', 1);
    outbox.retry('card', 300_000, 'is_archived');
    put('card', 2);
    expect(due()).toEqual([]);
    expect(outbox.stuck('slack', 10)).toMatchObject([{ key: 'card', problem: 'is_archived' }]);
    put('card', 3, { urgent: true });
    expect(due()).toEqual([['card', 3]]);
  });

  it('lists sent messages that are not final, newest first, and stores references that are not messages', () => {
    put('waits', 1);
    put('open', 2);
    put('over', 3, { final: true });
    for (const key of ['open', 'over']) outbox.sent(key, 1, { ts: key });
    outbox.remember('channel:#deploys', 'slack', 'C1');
    expect(outbox.unfinished('slack', 10).map(({ key }) => key)).toEqual(['open']);
    expect(due().map(([key]) => key)).toEqual(['waits']);
    expect(outbox.reference('channel:#deploys')).toBe('C1');
    outbox.remember('channel:#deploys', 'slack', 'C2');
    expect(outbox.reference('channel:#deploys')).toBe('C2');
    expect([outbox.has('waits'), outbox.has('never')]).toEqual([true, false]);
  });
});
