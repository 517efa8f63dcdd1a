// Verification of the log from the last checkpoint: what it finds, and what only a verification of the whole log finds.

import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { latestHead, rememberHead } from './audit.ts';
import { latestCheckpoint, readCheckpoint, writeCheckpoint } from './audit-checkpoint.ts';
import { type AuditVerification, verify, verifyAudit } from './audit-verification.ts';
import { noVotes } from './audit-votes.ts';
import { putSnapshot } from './snapshots.ts';
import { setState, type TestState } from './testing/state.ts';

const dayMs = 86_400_000;
let state: TestState;

beforeEach(() => {
  state = setState();
  for (let row = 1; row <= 20; row += 1) say(`row ${row}`);
});
afterEach(() => state.remove());

const say = (sentence: string) =>
  state.store.write((tx) => tx.audit({ actor: 'person:alice', action: 'resumed', sentence }));

/** The owner of the file, who can drop the triggers. */
function tamper(...statements: readonly string[]): void {
  const triggers = state.db.$client.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").pluck().all();
  for (const trigger of triggers) state.db.$client.exec(`DROP TRIGGER ${trigger}`);
  for (const statement of statements) state.db.$client.exec(statement);
}

/** As `bg audit verify` does. */
function look(now: number): AuditVerification {
  const { verification, reached } = verify(state.db, { from: readCheckpoint(state.db, now) });
  if (verification.intact && reached !== undefined) {
    const checkpoint = { ...reached, fullAt: verification.since?.fullAt ?? now };
    state.store.note((db) => writeCheckpoint(db, checkpoint, now));
  }
  return verification;
}

describe('after the whole log was found intact', () => {
  beforeEach(() => {
    expect(look(1_000)).toMatchObject({ intact: true, rows: 20, since: undefined });
    for (let row = 21; row <= 25; row += 1) say(`row ${row}`);
  });

  it('the next look walks the rows that came since, and the one after it begins there', () => {
    expect(look(2_000)).toMatchObject({ intact: true, rows: 25, since: { seq: 20, fullAt: 1_000 } });
    expect(look(3_000)).toMatchObject({ intact: true, rows: 25, since: { seq: 25, fullAt: 1_000 } });
  });

  it('all rows are walked again after a day, and where the clock was put back', () => {
    expect(look(1_000 + dayMs)).toMatchObject({ intact: true, since: undefined });
    expect(look(500)).toMatchObject({ intact: true, since: undefined });
  });

  it.each<[string, string, number]>([
    ['a row that came since', "UPDATE audit SET sentence = 'x' WHERE seq = 23", 23],
    ['the row of the checkpoint', "UPDATE audit SET sentence = 'x' WHERE seq = 20", 20],
    ['a row that was taken out since', 'DELETE FROM audit WHERE seq = 22', 23],
    ['a cut tail', 'DELETE FROM audit WHERE seq > 21', 25],
    ['a tail that was cut before the checkpoint', 'DELETE FROM audit WHERE seq > 15', 25],
  ])('the next look finds %s', (_what, statement, seq) => {
    tamper(statement);
    expect(look(2_000)).toMatchObject({ intact: false, seq });
  });

  it('the next look finds a vote that no row names', () => {
    state.db.$client.pragma('foreign_keys = OFF');
    tamper(
      "INSERT INTO approvals (id, deployment_id, position, plan_hash, needed, asked_at, deadline_at, on_timeout, status) VALUES ('a_1', 'd_1', 0, 'h', 1, 1, 2, 'abort', 'pending')",
      "INSERT INTO votes VALUES ('a_1', 'person:carol', 7)",
    );
    expect(look(2_000)).toMatchObject({ intact: false, problem: expect.stringContaining('person:carol') });
  });

  it('a checkpoint of a version that remembered votes otherwise counts as none', () => {
    const { seq, hash, fullAt } = latestCheckpoint(state.db) ?? { seq: 0, hash: '', fullAt: 0 };
    putSnapshot(state.db, 'audit-checkpoint', { seq, hash, fullAt, votesDigest: 'f'.repeat(64) }, 1_500);
    expect(look(2_000)).toMatchObject({ intact: true, rows: 25, since: undefined });
  });

  it('a row that was edited before the checkpoint is found by the whole log, at the latest a day later', () => {
    tamper("UPDATE audit SET sentence = 'x' WHERE seq = 7");
    expect(look(2_000)).toMatchObject({ intact: true });
    expect(verifyAudit(state.db)).toMatchObject({ intact: false, seq: 7 });
    expect(look(1_000 + dayMs)).toMatchObject({ intact: false, seq: 7 });
  });

  it('rows before the checkpoint that were written again, chain and all, are found by the heads', () => {
    rememberHead(state.db, latestHead(state.db) ?? { seq: 0, hash: '' }, 1, 'slack');
    tamper("UPDATE audit SET sentence = 'x' WHERE seq = 7");
    chainFrom(7);
    expect(look(2_000)).toMatchObject({ intact: false, seq: 25 });
  });

  it('a checkpoint that was forged hides nothing from the whole log', () => {
    tamper("UPDATE audit SET sentence = 'x' WHERE seq = 7");
    chainFrom(7);
    const head = latestHead(state.db) ?? { seq: 0, hash: '' };
    rememberHead(state.db, { seq: 7, hash: 'f'.repeat(64) }, 1, 'slack');
    const forged = { ...head, votes: noVotes, fullAt: 1_900 };
    state.store.note((db) => writeCheckpoint(db, forged, 1_900));
    expect(look(2_000)).toMatchObject({ intact: false, seq: 7 });
  });
});

it('walking all rows says how far it is, page by page', () => {
  state.store.write((tx) => {
    for (let row = 21; row <= 2_500; row += 1) tx.audit({ actor: 'engine', action: 'resumed', sentence: `row ${row}` });
  });
  const said: number[] = [];
  const { verification } = verify(state.db, { progress: (seq) => said.push(seq) });
  expect(verification).toMatchObject({ intact: true, rows: 2_500 });
  expect(said).toEqual([1_000, 2_000]);
});

/** The hashes of this row and all that follow, as they would have been. */
function chainFrom(first: number): void {
  const read = state.db.$client.prepare(
    'SELECT previous_hash, seq, at, actor, action, service, target, deployment_id, code, sentence, detail FROM audit WHERE seq = ?',
  );
  const before = state.db.$client.prepare('SELECT hash FROM audit WHERE seq = ?').pluck();
  for (let seq = first; seq <= 25; seq += 1) {
    state.db.$client.prepare('UPDATE audit SET previous_hash = ? WHERE seq = ?').run(before.get(seq - 1), seq);
    const hash = createHash('sha256')
      .update(JSON.stringify(read.raw().get(seq)))
      .digest('hex');
    state.db.$client.prepare('UPDATE audit SET hash = ? WHERE seq = ?').run(hash, seq);
  }
}
