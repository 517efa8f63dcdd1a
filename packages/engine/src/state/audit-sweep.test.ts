// The slow verification: it walks all rows bit by bit, finds what was changed after it was verified, and says so once.

import { afterEach, beforeEach, expect, it } from 'vitest';
import { latestCheckpoint, readCheckpoint } from './audit-checkpoint.ts';
import { brokenLog, isKnown, recordBroken, sweepPage } from './audit-sweep.ts';
import { verify } from './audit-verification.ts';
import { setState, type TestState } from './testing/state.ts';

const hourMs = 3_600_000;
let state: TestState;
beforeEach(() => {
  state = setState();
  for (let row = 1; row <= 25; row += 1) say(`row ${row}`);
});
afterEach(() => state.remove());

const say = (sentence: string) =>
  state.store.write((tx) => tx.audit({ actor: 'person:alice', action: 'resumed', sentence }));
const sweep = (now: number, rows = 10) => state.store.note((db) => sweepPage(db, now, rows));

/** The owner of the file, who can drop the triggers. */
function tamper(statement: string): void {
  const triggers = state.db.$client.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").pluck().all();
  for (const trigger of triggers) state.db.$client.exec(`DROP TRIGGER ${trigger}`);
  state.db.$client.exec(statement);
}

function pass(now: number): void {
  for (let page = 0; page < 3; page += 1) expect(sweep(now + page)).toBeUndefined();
}

it('walks all rows page by page, and then verification begins at the last', () => {
  expect([sweep(1_000), sweep(1_001)]).toEqual([undefined, undefined]);
  expect(latestCheckpoint(state.db)).toBeUndefined();
  expect(sweep(1_002)).toBeUndefined();
  expect(latestCheckpoint(state.db)).toMatchObject({ seq: 25, fullAt: 1_000 });
  say('later');
  const { verification } = verify(state.db, { from: readCheckpoint(state.db, 2_000) });
  expect(verification).toMatchObject({ intact: true, rows: 26, since: { seq: 25, fullAt: 1_000 } });
});

it('rests until the next pass is due, and follows a clock that was put back', () => {
  pass(hourMs);
  tamper("UPDATE audit SET sentence = 'x' WHERE seq = 3");
  expect(sweep(2 * hourMs - 1)).toBeUndefined();
  expect(sweep(2 * hourMs)).toMatchObject({ seq: 3 });
  expect(sweep(500)).toMatchObject({ seq: 3 });
});

it.each([
  ['a row that was edited after it was verified', "UPDATE audit SET sentence = 'x' WHERE seq = 3", 3],
  ['a row that was taken out', 'DELETE FROM audit WHERE seq = 17', 18],
  ['a tail that was cut', 'DELETE FROM audit WHERE seq > 20', 25],
])('finds %s, in the next pass', (_what, statement, seq) => {
  pass(1_000);
  tamper(statement);
  const found = [0, 1, 2].map((page) => sweep(2 * hourMs + page)).find((each) => each !== undefined);
  expect(found).toMatchObject({ seq });
});

it('finds a vote that was taken out after it was verified, and one that no row names', () => {
  state.db.$client.pragma('foreign_keys = OFF');
  tamper(
    "INSERT INTO approvals (id, deployment_id, position, plan_hash, needed, asked_at, deadline_at, on_timeout, status) VALUES ('a_1', 'd_1', 0, 'h', 1, 1, 2, 'abort', 'pending')",
  );
  state.store.write((tx) => {
    tx.audit({ actor: 'person:bob', action: 'approved', deploymentId: 'd_1', sentence: 'bob approves', detail: {} });
    tx.db.$client.prepare('INSERT INTO votes VALUES (?, ?, ?)').run('a_1', 'person:bob', tx.now);
  });
  pass(1_000);
  state.db.$client.exec("UPDATE votes SET person = 'person:carol'");
  const found = [0, 1, 2].map((page) => sweep(2 * hourMs + page)).find((each) => each !== undefined);
  expect(found?.problem).toContain('person:carol');
  state.db.$client.exec('DELETE FROM votes');
  const next = [0, 1, 2].map((page) => sweep(2 * hourMs + 10 + page)).find((each) => each !== undefined);
  expect(next).toMatchObject({ seq: 26, problem: expect.stringContaining('person:bob approved d_1') });
});

it('what it found is known until a whole pass finds the log intact', () => {
  tamper("UPDATE audit SET sentence = 'x' WHERE seq = 3");
  const broken = sweep(1_000);
  if (!broken) throw new Error('nothing was found');
  expect(isKnown(state.db, broken)).toBe(false);
  expect(sweep(1_001)).toMatchObject({ seq: 3 });
  recordBroken(state.db, broken);
  expect([isKnown(state.db, broken), brokenLog(state.db)?.seq]).toEqual([true, 3]);
  expect(sweep(1_002)).toBeUndefined();
  state.db.$client.exec("UPDATE audit SET sentence = 'row 3' WHERE seq = 3");
  pass(2 * hourMs);
  expect(brokenLog(state.db)).toBeUndefined();
});
