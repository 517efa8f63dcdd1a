import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { actsSince, addCall, callsOfGroup, dueCalls, endCall, readCall, resolveCall, unresolvedActs } from './calls.ts';
import { monitoringCalls } from './schema-calls.ts';
import { setState, shop, type TestState } from './testing/state.ts';

let state: TestState;
beforeEach(() => {
  state = setState();
});
afterEach(() => state.remove());

const key = { ...shop, caller: 'prometheus', act: 'lock' } as const;
const dayMs = 86_400_000;
const add = (change: Partial<Parameters<typeof addCall>[1]> = {}, { db }: Pick<TestState, 'db'> = state) =>
  addCall(db, {
    ...key,
    group: 'g',
    rule: 'r',
    alert: 'Outage',
    startsAt: 1,
    receivedAt: 5,
    dueAt: 10,
    status: 'waiting',
    ...change,
  });

it('the database refuses what must not be', () => {
  const { id } = add();
  expect(() => add()).toThrow('UNIQUE');
  expect(() => add({ startsAt: 2, status: 'done' })).toThrow('CHECK');
  const set = (change: object) => () => state.db.update(monitoringCalls).set(change).run();
  expect(set({ startsAt: 9 })).toThrow('a call stays as it was made');
  endCall(state.db, id, { status: 'done', deploymentId: 'd_1' }, 20);
  expect(() => endCall(state.db, id, { status: 'refused' }, 21)).toThrow('a call that has ended is final');
  resolveCall(state.db, id, 30);
  expect(readCall(state.db, id)).toMatchObject({ status: 'done', resolvedAt: 30 });
});

it('those that are due come in their order, once', () => {
  const later = add({ startsAt: 2, dueAt: 8 });
  const first = add();
  expect(dueCalls(state.db, 7, 5)).toEqual([]);
  expect(dueCalls(state.db, 10, 5).map(({ id }) => id)).toEqual([later.id, first.id]);
  endCall(state.db, first.id, { status: 'nothing' }, 10);
  expect(dueCalls(state.db, 10, 5).map(({ id }) => id)).toEqual([later.id]);
});

it('acts are counted in their period, and known until they are resolved', () => {
  const { id } = add();
  endCall(state.db, id, { status: 'done' }, 100);
  expect([actsSince(state.db, key, 99), actsSince(state.db, key, 100)]).toEqual([1, 0]);
  expect(unresolvedActs(state.db, key)).toHaveLength(1);
  expect(unresolvedActs(state.db, { ...key, caller: 'other' })).toEqual([]);
  resolveCall(state.db, id, 200);
  expect(unresolvedActs(state.db, key)).toEqual([]);
});

it('is forgotten after a month, longer than any period', () => {
  add();
  add({ startsAt: 31 * dayMs, receivedAt: 31 * dayMs });
  expect(callsOfGroup(state.db, key, 'g').map(({ startsAt }) => startsAt)).toEqual([31 * dayMs]);
});

it('is added to a state of the version before, which verifies and goes on', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../../../migrations/0013_monitoring_calls.sql'), 'utf8');
  expect(text).toContain('CREATE TABLE IF NOT EXISTS monitoring_calls');
  state.db.$client.exec(
    'DROP TABLE monitoring_calls; DELETE FROM __drizzle_migrations WHERE created_at >= 1795360000000',
  );
  const another = state.another();
  expect(dueCalls(another.db, 100, 5)).toEqual([]);
  expect(add({}, another).id).toBe(1);
});
