// Numbers of instances that were changed: they outlive the process, one change at a time, also in a state of the version before.

import { afterEach, beforeEach, expect, it } from 'vitest';
import { endScaling, readCount, setCount, setScaling } from './counts.ts';
import type { Tx } from './store.ts';
import { setState, shop, type TestState } from './testing/state.ts';

let state: TestState;
beforeEach(() => {
  state = setState();
});
afterEach(() => state.remove());

const blue = { ...shop, slot: 'blue' } as const;
const scaling = { from: 2, to: 4, admitted: 2, by: 'person:alice', since: 7, problem: undefined };

const write = (act: (tx: Tx) => void) =>
  state.store.write((tx) => {
    act(tx);
    tx.audit({ ...shop, actor: 'engine', action: 'clock-jumped', sentence: 'a row' });
  });

it('are those of the configuration until they are changed', () => {
  expect(readCount(state.db, blue)).toEqual({ instances: undefined, scaling: undefined });
  write((tx) => setScaling(tx, blue, scaling));
  expect(readCount(state.db, blue)).toEqual({ instances: undefined, scaling });
  write((tx) => setScaling(tx, blue, { ...scaling, admitted: 4, problem: 'x' }));
  write((tx) => setCount(tx, blue, 4));
  expect(readCount(state.db, blue)).toEqual({ instances: 4, scaling: undefined });
  write((tx) => setScaling(tx, blue, scaling));
  write((tx) => endScaling(tx, blue));
  expect(readCount(state.db, blue)).toEqual({ instances: 4, scaling: undefined });
  write((tx) => setCount(tx, blue, undefined));
  expect(readCount(state.db, blue).instances).toBeUndefined();
});

it('are refused by the database where they are half-said', () => {
  const half = () =>
    state.db.$client.exec(`INSERT INTO slot_counts (service, target, slot, scale_to) VALUES ('shop', 'x', 'blue', 2)`);
  expect(half).toThrow(/CHECK/);
  expect(() => write((tx) => setCount(tx, blue, 0))).toThrow();
});

it('have a place in a state that the version before has written', () => {
  state.db.$client.exec('DROP TABLE slot_counts; DELETE FROM __drizzle_migrations WHERE created_at >= 1795390000000');
  const { db, store } = state.another();
  expect(readCount(db, blue)).toEqual({ instances: undefined, scaling: undefined });
  store.write((tx) => {
    setCount(tx, blue, 3);
    tx.audit({ ...shop, actor: 'engine', action: 'clock-jumped', sentence: 'a row' });
  });
  expect(readCount(db, blue).instances).toBe(3);
});
