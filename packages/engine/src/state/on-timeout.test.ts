// The table of approvals in a state of the version before: its rows and their votes stay, and what guards them does.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { verifyAudit } from './audit-verification.ts';
import { addApproval, addDeployment, addVote, changeApproval, readApproval, votesOf } from './deployments.ts';
import type { Tx } from './store.ts';
import { setState, shop, type TestState } from './testing/state.ts';

let state: TestState;
beforeEach(() => {
  state = setState();
});
afterEach(() => state.remove());

const approval = {
  deploymentId: 'd_1',
  planHash: 'h',
  needed: 1,
  askedAt: 1,
  deadlineAt: 2,
  status: 'pending',
} as const;

function deployment(tx: Tx): void {
  addDeployment(tx, {
    id: 'd_1',
    ...shop,
    version: 'v1',
    mode: 'deploy',
    slot: 'green',
    hold: false,
    requestedBy: 'person:alice',
    requestedAt: 1,
    position: 0,
    direction: 'forward',
    phase: 'await-approval',
    stateVersion: 1,
  });
}

/** The table as the version before made it. */
function asBefore(): void {
  const { $client: client } = state.db;
  const text = readFileSync(resolve(import.meta.dirname, '../../../../migrations/0000_state.sql'), 'utf8');
  const table = /CREATE TABLE approvals \([^;]+STRICT;/.exec(text)?.[0] ?? '';
  expect(table).toContain("('abort', 'hold'))");
  client.pragma('foreign_keys = OFF');
  client.exec(`CREATE TABLE put_aside AS SELECT * FROM approvals; DROP TABLE approvals; ${table}
    INSERT INTO approvals SELECT * FROM put_aside; DROP TABLE put_aside;
    CREATE TRIGGER first_decision_wins BEFORE UPDATE OF status ON approvals WHEN old.status <> 'pending'
    BEGIN SELECT raise(abort, 'the approval is decided'); END;
    DELETE FROM __drizzle_migrations WHERE created_at >= 1795370000000`);
  client.pragma('foreign_keys = ON');
}

it('takes the new deadline, with every row, vote and guard of before', () => {
  state.store.write((tx) => {
    deployment(tx);
    addApproval(tx, { ...approval, id: 'a_1', position: 0, onTimeout: 'abort' });
    addApproval(tx, { ...approval, id: 'a_2', position: 1, onTimeout: 'hold' });
    addVote(tx, 'a_1', 'person:bob');
    changeApproval(tx, 'a_1', { status: 'approved', decidedBy: 'person:bob', decidedAt: 2 });
    tx.audit({ actor: 'person:bob', action: 'approved', deploymentId: 'd_1', sentence: 'bob approves v1', detail: {} });
  });
  asBefore();
  expect(() => state.db.$client.exec("UPDATE approvals SET on_timeout = 'rollback' WHERE id = 'a_2'")).toThrow('CHECK');
  const { db, store } = state.another();
  expect(readApproval(db, 'd_1', 0)).toMatchObject({ status: 'approved', decidedBy: 'person:bob', onTimeout: 'abort' });
  expect(readApproval(db, 'd_1', 1)).toMatchObject({ status: 'pending', onTimeout: 'hold' });
  expect(votesOf(db, 'a_1')).toEqual(['person:bob']);
  expect(db.$client.pragma('foreign_key_check')).toEqual([]);
  expect(verifyAudit(db)).toMatchObject({ intact: true });
  store.write((tx) => {
    addApproval(tx, { ...approval, id: 'a_3', position: 2, onTimeout: 'rollback' });
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'a new one' });
  });
  expect(readApproval(db, 'd_1', 2)?.onTimeout).toBe('rollback');
  const run = (text: string) => () => db.$client.exec(text);
  expect(run("UPDATE approvals SET on_timeout = 'promote' WHERE id = 'a_2'")).toThrow('CHECK');
  expect(run("UPDATE approvals SET status = 'rejected' WHERE id = 'a_1'")).toThrow('decided');
  expect(run("DELETE FROM approvals WHERE id = 'a_1'")).toThrow();
  expect(run('REPLACE INTO approvals SELECT * FROM approvals')).toThrow();
  expect(run("INSERT INTO votes VALUES ('a_9', 'person:bob', 1)")).toThrow('FOREIGN KEY');
  expect(
    run("INSERT INTO approvals SELECT 'a_8', 'd_9', 0, 'h', 1, 1, 2, 'abort', 'pending', NULL, NULL, NULL"),
  ).toThrow('FOREIGN KEY');
});
