import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { setState, shop, type TestState } from './testing/state.ts';
import { addWaiting, changeWaiting, readWaiting, waitingOf } from './waiting.ts';

let state: TestState;
beforeEach(() => {
  state = setState();
});
afterEach(() => state.remove());

function add(id: string, change: Partial<Parameters<typeof addWaiting>[1]> = {}): void {
  state.store.write((tx) => {
    const row = {
      id,
      ...shop,
      version: id,
      hold: false,
      redeploy: false,
      requestedBy: 'person:alice',
      status: 'queued',
    } as const;
    addWaiting(tx, { ...row, requestedAt: tx.now, ...change });
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'arranged' });
  });
}

const change = (id: string, to: Parameters<typeof changeWaiting>[2]) =>
  state.store.write((tx) => {
    changeWaiting(tx, id, to);
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'arranged' });
  });

it('the queue is in its order: put first, then by request, then what is scheduled', () => {
  const time = { wall: '2026-12-01 22:00', zone: 'UTC', status: 'scheduled' } as const;
  add('later', { ...time, dueAt: 20 });
  add('sooner', { ...time, dueAt: 10 });
  add('second', { requestedAt: 2 });
  add('first', { requestedAt: 1 });
  add('urgent', { requestedAt: 3, firstBecause: 'outage' });
  expect(waitingOf(state.db, shop).map(({ id }) => id)).toEqual(['urgent', 'first', 'second', 'sooner', 'later']);
});

it('the database refuses what must not be', () => {
  add('w_1');
  expect(() => change('w_1', { version: 'other' })).toThrow('a request stays as it was asked for');
  expect(() => change('w_1', { status: 'deployed' })).toThrow('CHECK');
  expect(() => change('w_1', { status: 'cancelled' })).toThrow('CHECK');
  expect(() => add('w_2', { status: 'scheduled' })).toThrow('CHECK');
  expect(() => add('w_3', { wall: '2026-12-01 22:00' })).toThrow('CHECK');
  change('w_1', { status: 'deployed', deploymentId: 'd_1', endedAt: 1, endedBy: 'engine' });
  expect(() => change('w_1', { status: 'cancelled', deploymentId: null })).toThrow('a request that has ended is final');
  add('w_4');
  expect(() => change('w_4', { status: 'deployed', deploymentId: 'd_1', endedAt: 1 })).toThrow('UNIQUE');
});

it('is added to a state of the version before, which verifies and goes on', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../../../migrations/0010_waiting.sql'), 'utf8');
  expect(text).toContain('CREATE TABLE IF NOT EXISTS waiting');
  state.db.$client.exec('DROP TABLE waiting; DELETE FROM __drizzle_migrations WHERE created_at >= 1795330000000');
  const { db } = state.another();
  expect(waitingOf(db, shop)).toEqual([]);
  add('w_1');
  expect(readWaiting(db, 'w_1')?.status).toBe('queued');
});
