import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lastRowBefore, latestHead, rememberHead } from './audit.ts';
import { verifyAudit } from './audit-verification.ts';
import { advanceDeployment, readDeployment } from './deployments.ts';
import { addQuarantine, readQuarantine } from './targets.ts';
import { approvedDeployment } from './testing/approved-deployment.ts';
import { movableClock, setState, type TestState } from './testing/state.ts';

let state: TestState;

beforeEach(() => {
  state = setState({ redact: (text) => text.replaceAll('hunter2-token', '[secret]') });
  for (const sentence of ['one', 'two', 'three', 'four', 'five']) say(sentence);
});
afterEach(() => state.remove());

const say = (sentence: string, health: object = {}) =>
  state.store.write((tx) =>
    tx.audit({
      actor: 'person:alice',
      action: 'configuration-applied',
      sentence,
      detail: { slot: 'blue', fields: [], health },
    }),
  );
const head = () => latestHead(state.db) ?? { seq: 0, hash: '' };

/** An attacker with access to the file, who can drop the triggers. */
function tamper(...statements: readonly string[]): void {
  const triggers = state.db.$client.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").pluck().all();
  for (const trigger of triggers) state.db.$client.exec(`DROP TRIGGER ${trigger}`);
  for (const statement of statements) state.db.$client.exec(statement);
}

const forgetHighest = "UPDATE sqlite_sequence SET seq = 3 WHERE name = 'audit'";

function rehash(seq: number): void {
  const row = state.db.$client
    .prepare(
      'SELECT previous_hash, seq, at, actor, action, service, target, deployment_id, code, sentence, detail FROM audit WHERE seq = ?',
    )
    .raw()
    .get(seq);
  const hash = createHash('sha256').update(JSON.stringify(row)).digest('hex');
  state.db.$client.prepare('UPDATE audit SET hash = ? WHERE seq = ?').run(hash, seq);
}

describe('the audit log', () => {
  it('is intact as it was written', () => {
    expect(verifyAudit(state.db)).toEqual({
      intact: true,
      rows: 5,
      head: head().hash,
      publishedHead: undefined,
      published: undefined,
      votes: 0,
      since: undefined,
      votesDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('of more than a page is walked to its end', () => {
    state.store.write((tx) => {
      for (let row = 0; row < 1_100; row += 1) tx.audit({ actor: 'engine', action: 'resumed', sentence: `row ${row}` });
    });
    expect(verifyAudit(state.db)).toMatchObject({ intact: true, rows: 1_105 });
    tamper("UPDATE audit SET sentence = 'x' WHERE seq = 1050");
    expect(verifyAudit(state.db)).toMatchObject({ intact: false, seq: 1_050 });
  });

  it.each([
    ['an edited sentence', "UPDATE audit SET sentence = 'nothing' WHERE seq = 3", 3],
    ['an edited actor', "UPDATE audit SET actor = 'person:bob' WHERE seq = 2", 2],
    ['an edited time', 'UPDATE audit SET at = at + 1 WHERE seq = 5', 5],
    ['a removed row', 'DELETE FROM audit WHERE seq = 3', 4],
    ['a removed beginning', 'DELETE FROM audit WHERE seq <= 2', 3],
  ])('shows %s', (_, statement, seq) => {
    tamper(statement);
    expect(verifyAudit(state.db)).toMatchObject({ intact: false, seq });
  });

  it('shows two rows that changed places', () => {
    tamper(
      'UPDATE audit SET seq = 99 WHERE seq = 2',
      'UPDATE audit SET seq = 2 WHERE seq = 3',
      'UPDATE audit SET seq = 3 WHERE seq = 99',
    );
    expect(verifyAudit(state.db)).toMatchObject({ intact: false, seq: 2 });
  });

  it('shows an edited row although its own hash was made to fit', () => {
    tamper("UPDATE audit SET sentence = 'nothing' WHERE seq = 3");
    rehash(3);
    expect(verifyAudit(state.db)).toMatchObject({ intact: false, seq: 4 });
  });

  it('shows a cut tail by a head that is remembered', () => {
    rememberHead(state.db, head(), 1, 'slack');
    tamper('DELETE FROM audit WHERE seq > 3');
    expect(verifyAudit(state.db)).toMatchObject({ intact: false, rows: 3, seq: 5 });
  });

  it('shows a cut tail by a head from outside, even when the remembered ones were cut as well', () => {
    const outside = head();
    rememberHead(state.db, outside, 1, 'slack');
    tamper('DELETE FROM audit WHERE seq > 3', 'DELETE FROM heads', forgetHighest);
    expect(verifyAudit(state.db)).toMatchObject({ intact: true, rows: 3 });
    expect(verifyAudit(state.db, outside)).toMatchObject({ intact: false, rows: 3, seq: 5 });
  });

  it('shows a cut tail although no head is left, inside or outside', () => {
    tamper('DELETE FROM audit WHERE seq > 3', 'DELETE FROM heads');
    expect(verifyAudit(state.db)).toMatchObject({ intact: false, rows: 3, seq: 5 });
  });

  it('shows a head from outside that is not the one that is remembered', () => {
    rememberHead(state.db, head(), 1, 'slack');
    expect(verifyAudit(state.db, { seq: 5, hash: 'f'.repeat(64) })).toMatchObject({ intact: false, seq: 5 });
    expect(verifyAudit(state.db, head())).toMatchObject({
      intact: true,
      published: { ...head(), place: 'slack', at: 1 },
    });
  });

  it('shows a vote that was put in, moved to another person, or taken out', () => {
    approvedDeployment(state, 'd_1');
    expect(verifyAudit(state.db)).toMatchObject({ intact: true, votes: 1 });
    state.db.$client.exec("INSERT INTO votes VALUES ('a_1', 'person:carol', 7)");
    expect(verifyAudit(state.db)).toMatchObject({ intact: false, problem: expect.stringContaining('person:carol') });
    tamper("DELETE FROM votes WHERE person = 'person:carol'", "UPDATE votes SET person = 'person:mallory'");
    expect(verifyAudit(state.db)).toMatchObject({ intact: false, problem: expect.stringContaining('person:mallory') });
    tamper('DELETE FROM votes');
    expect(verifyAudit(state.db)).toMatchObject({ intact: false, problem: expect.stringContaining('person:bob') });
  });

  it('detects a tail that was rewritten with a valid chain, by a head from outside', () => {
    const outside = head();
    tamper('DELETE FROM audit WHERE seq > 3');
    say('four, but another');
    say('five, but another');
    expect(verifyAudit(state.db)).toMatchObject({ intact: true });
    expect(verifyAudit(state.db, outside)).toMatchObject({ intact: false, seq: 5 });
  });

  it('never holds a secret, neither in a sentence nor in its details', () => {
    say('used hunter2-token', { header: 'x: hunter2-token', deep: { list: ['hunter2-token'] } });
    const rows = JSON.stringify(state.db.$client.prepare('SELECT * FROM audit').all());
    expect(rows).not.toContain('hunter2-token');
    expect(rows).toContain('[secret]');
    expect(verifyAudit(state.db)).toMatchObject({ intact: true });
  });

  it('are in no cause of a deployment and in no reason of a mark, which people see on cards', () => {
    approvedDeployment(state, 'd_1');
    state.store.write((tx) => {
      advanceDeployment(tx, 'd_1', { cause: 'it printed hunter2-token' });
      addQuarantine(tx, {
        digest: 'd',
        service: 'shop',
        version: 'v1',
        reason: 'it printed hunter2-token',
        by: 'engine',
        at: tx.now,
      });
      tx.audit({ actor: 'engine', action: 'turned-back', code: 'never-healthy', sentence: 'it printed hunter2-token' });
    });
    expect(readDeployment(state.db, 'd_1')?.cause).toBe('it printed [secret]');
    expect(readQuarantine(state.db, 'd')?.reason).toBe('it printed [secret]');
  });
});

it('the rows from before a moment end with the one before the first young one, also where a clock was put back', () => {
  const clock = movableClock();
  const other = setState({ clock });
  try {
    const begin = clock.now();
    expect(lastRowBefore(other.db, begin)).toBe(0);
    const row = () => other.store.write((tx) => tx.audit({ actor: 'engine', action: 'paused', sentence: 'it was' }));
    for (const laterMs of [0, 100_000, -50_000, 200_000]) {
      clock.jump(laterMs);
      row();
    }
    expect([0, 20_000, 80_000, 150_000, 300_000].map((ms) => lastRowBefore(other.db, begin + ms))).toEqual([
      0, 1, 1, 3, 4,
    ]);
  } finally {
    other.remove();
  }
});
