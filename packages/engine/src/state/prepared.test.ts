// The memory of a verification does not grow with the log: what it prepares does not.

import { afterEach, expect, it } from 'vitest';
import { recordStatements } from '../testing/query-plans.ts';
import { walkPage } from './audit-chain.ts';
import { compareVotes, noVotes } from './audit-votes.ts';
import { openDatabase } from './database.ts';
import { preparedOnce } from './prepared.ts';
import { setState, type TestState } from './testing/state.ts';

let state: TestState;
afterEach(() => state.remove());

it('a page after the first prepares nothing', () => {
  state = setState();
  for (let row = 1; row <= 30; row += 1)
    state.store.write((tx) => tx.audit({ actor: 'engine', action: 'paused', sentence: `row ${row}` }));
  const page = (from: { readonly seq: number; readonly hash: string }) => {
    compareVotes(state.db, noVotes, 10);
    const walked = walkPage(state.db, { from, limit: 10 });
    if ('problem' in walked) throw new Error(walked.problem);
    return walked.last;
  };
  const first = page({ seq: 0, hash: '0'.repeat(64) });
  const recording = recordStatements();
  try {
    expect(page(page(first)).seq).toBe(30);
  } finally {
    recording.stop();
  }
  expect([...recording.statements]).toEqual([]);
});

it('is of one open database', () => {
  state = setState();
  const made: unknown[] = [];
  const inOf = preparedOnce((db) => {
    made.push(db);
    return db;
  });
  const other = openDatabase(state.folder);
  expect([inOf(state.db), inOf(other), inOf(state.db)]).toEqual([state.db, other, state.db]);
  expect(made).toEqual([state.db, other]);
  other.$client.close();
});
