// What the database itself forbids, whichever code writes to it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { latestHead, rememberHead } from './audit.ts';
import { verifyAudit } from './audit-verification.ts';
import { addApproval, addDeployment, addVote, changeApproval, liveDeployment, readDeployment } from './deployments.ts';
import { acquireLease, releaseLease, renewLease } from './leases.ts';
import type { Tx } from './store.ts';
import { addRelease, intendRouting, readRouting, readSlot, setSlot } from './targets.ts';
import { movableClock, setState, shop, type TestState } from './testing/state.ts';

let state: TestState;
const clock = movableClock();

beforeEach(() => {
  state = setState({ clock });
});
afterEach(() => state.remove());

const write = (change: (tx: Tx) => void) =>
  state.store.write((tx) => {
    change(tx);
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'changed' });
  });

const deployment = (id: string, tx: Tx) =>
  addDeployment(tx, {
    id,
    ...shop,
    version: 'v1',
    mode: 'deploy',
    slot: 'blue',
    hold: false,
    requestedBy: 'person:alice',
    requestedAt: tx.now,
    position: 0,
    direction: 'forward',
    phase: 'fetching',
    stateVersion: 1,
  });

const sql = (text: string): unknown => state.db.$client.exec(text);

describe('the database forbids', () => {
  it('to change or remove a row of the audit log', () => {
    write(() => undefined);
    expect(() => sql("UPDATE audit SET sentence = 'nothing happened'")).toThrow('append-only');
    expect(() => sql('DELETE FROM audit')).toThrow('append-only');
  });

  it.each(['REPLACE', 'OR REPLACE', 'OR IGNORE'])(
    'to write over a row of the log or of its heads: INSERT %s',
    (how) => {
      write(() => undefined);
      state.store.note((db) => rememberHead(db, latestHead(db) ?? { seq: 0, hash: '' }, 1, 'slack'));
      const insert = how === 'REPLACE' ? 'REPLACE' : `INSERT ${how}`;
      const row = "at, 'person:bob', action, service, target, deployment_id, code, sentence, detail, previous_hash";
      expect(() => sql(`${insert} INTO audit SELECT seq, ${row}, hash FROM audit`)).toThrow('append-only');
      // Another number, and the hash of a row that would be removed for it.
      expect(() => sql(`${insert} INTO audit SELECT seq + 1, ${row}, hash FROM audit`)).toThrow('append-only');
      expect(() => sql(`${insert} INTO heads SELECT seq, hash, 2, 'nowhere' FROM heads`)).toThrow('final');
      expect(() => sql(`${insert} INTO heads SELECT seq + 1, hash, 2, 'nowhere' FROM heads`)).toThrow(
        'row of the audit',
      );
      expect(() => sql("UPDATE OR REPLACE heads SET place = 'nowhere'")).toThrow('final');
      expect(() => sql('DELETE FROM heads')).toThrow('final');
      expect(verifyAudit(state.db)).toMatchObject({ intact: true, rows: 1, publishedHead: 1 });
    },
  );

  it('to replace what is final: releases, deployments, approvals, votes, generations and tokens', () => {
    const approval = { id: 'a', deploymentId: 'd_1', position: 0, planHash: 'h', needed: 1, askedAt: 1, deadlineAt: 2 };
    write((tx) => {
      deployment('d_1', tx);
      addApproval(tx, { ...approval, onTimeout: 'abort', status: 'pending' });
      addVote(tx, 'a', 'person:bob');
      changeApproval(tx, 'a', { status: 'approved' });
      addRelease(tx, { service: 'shop', version: 'v1', digest: 'a'.repeat(64), folder: '/r', registeredAt: 1 });
      intendRouting(tx, shop, { active: 'blue', canary: undefined, preview: undefined }, 41);
    });
    acquireLease(state.db, { name: 'driver', holder: 'a', configDigest: 'c', clock });
    const again = (table: string) => () => sql(`REPLACE INTO ${table} SELECT * FROM ${table}`);
    for (const table of ['releases', 'deployments', 'approvals', 'votes']) expect(again(table)).toThrow();
    expect(() => sql('DELETE FROM votes')).toThrow('final');
    expect(() => sql("UPDATE votes SET person = 'person:carol'")).toThrow('final');
    expect(() => sql('DELETE FROM approvals')).toThrow();
    expect(() => sql("REPLACE INTO targets (service, target) VALUES ('shop', 'production')")).toThrow('only grows');
    expect(() => sql("REPLACE INTO leases VALUES ('driver', 'b', 1, 1, 'c', NULL)")).toThrow('only grows');
  });

  it('to change a registered release', () => {
    write((tx) =>
      addRelease(tx, { service: 'shop', version: 'v1', digest: 'a'.repeat(64), folder: '/r', registeredAt: 1 }),
    );
    expect(() => sql(`UPDATE releases SET digest = '${'b'.repeat(64)}'`)).toThrow('immutable');
  });

  it('two live deployments of one target, and not one after the other', () => {
    write((tx) => deployment('d_1', tx));
    expect(() => write((tx) => deployment('d_2', tx))).toThrow('UNIQUE');
    sql("UPDATE deployments SET outcome = 'failed', finished_at = 1, phase = 'finished'");
    write((tx) => deployment('d_2', tx));
    expect(liveDeployment(state.db, shop)?.id).toBe('d_2');
  });

  it('to change a finished deployment', () => {
    write((tx) => deployment('d_1', tx));
    sql("UPDATE deployments SET outcome = 'failed', finished_at = 1");
    expect(() => sql("UPDATE deployments SET outcome = 'promoted'")).toThrow('final');
    expect(readDeployment(state.db, 'd_1')?.outcome).toBe('failed');
  });

  it('an outcome without its time, a deployment onto the slot it comes from, a canary on the active side', () => {
    write((tx) => deployment('d_1', tx));
    expect(() => sql("UPDATE deployments SET outcome = 'failed'")).toThrow('CHECK');
    expect(() => sql("UPDATE deployments SET from_slot = 'blue'")).toThrow('CHECK');
    expect(() =>
      write((tx) =>
        intendRouting(tx, shop, { active: 'blue', canary: { slot: 'blue', percent: 10 }, preview: undefined }),
      ),
    ).toThrow('CHECK');
  });

  it('two active slots of one target', () => {
    const active = { role: 'active', version: 'v1', digest: 'a'.repeat(64) } as const;
    write((tx) => setSlot(tx, shop, 'blue', active));
    expect(() => write((tx) => setSlot(tx, shop, 'green', active))).toThrow('UNIQUE');
    expect(readSlot(state.db, shop, 'green').role).toBe('idle');
  });

  it('a routing generation that falls', () => {
    write((tx) => intendRouting(tx, shop, { active: 'blue', canary: undefined, preview: undefined }, 41));
    expect(readRouting(state.db, shop).intent.generation).toBe(42);
    expect(() => sql('UPDATE targets SET generation = 41, confirmed_generation = 0')).toThrow('only grows');
  });

  it('a fencing token that falls', () => {
    const lease = acquireLease(state.db, { name: 'driver', holder: 'a', configDigest: 'c', clock });
    expect(() => sql(`UPDATE leases SET token = ${(lease?.token ?? 0) - 1}`)).toThrow('only grows');
  });

  it('to decide an approval a second time', () => {
    write((tx) => {
      deployment('d_1', tx);
      addApproval(tx, {
        id: 'a',
        deploymentId: 'd_1',
        position: 0,
        planHash: 'h',
        needed: 1,
        askedAt: 1,
        deadlineAt: 2,
        onTimeout: 'abort',
        status: 'pending',
      });
    });
    write((tx) => changeApproval(tx, 'a', { status: 'rejected' }));
    expect(() => write((tx) => changeApproval(tx, 'a', { status: 'approved' }))).toThrow('decided');
  });
});

describe('a write', () => {
  it('without its audit row is no write', () => {
    expect(() => state.store.write((tx) => setSlot(tx, shop, 'blue', { restarts: 3 }))).toThrow('audit row');
    expect(readSlot(state.db, shop, 'blue').restarts).toBe(0);
  });

  it('that fails half way leaves neither change nor audit row', () => {
    const rows = () => state.db.$client.prepare('SELECT count(*) FROM audit').pluck().get();
    const before = rows();
    expect(() =>
      write((tx) => {
        setSlot(tx, shop, 'blue', { restarts: 3 });
        throw new Error('half way');
      }),
    ).toThrow('half way');
    expect([readSlot(state.db, shop, 'blue').restarts, rows()]).toEqual([0, before]);
  });
});

describe('a lease', () => {
  const desired = (holder: string) => ({ name: 'driver', holder, configDigest: 'c', clock });

  it('is held by one, until it runs out or is given back', () => {
    const first = acquireLease(state.db, desired('a'));
    expect(first).toBeDefined();
    expect(acquireLease(state.db, desired('b'))).toBeUndefined();
    expect(acquireLease(state.another().db, desired('a'))).toBeUndefined();
    if (first) releaseLease(state.db, first);
    const second = acquireLease(state.db, desired('b'));
    clock.advance(7_000);
    const third = acquireLease(state.db, desired('c'));
    expect([first, second, third].map((lease) => lease?.token)).toEqual([
      first?.token,
      expect.any(Number),
      expect.any(Number),
    ]);
    expect(second?.token).toBeGreaterThan(first?.token ?? 0);
    expect(third?.token).toBeGreaterThan(second?.token ?? 0);
  });

  it('renewed by its heartbeat does not expire', () => {
    const lease = acquireLease(state.db, desired('a'));
    for (let beat = 0; lease && beat < 4; beat += 1) {
      clock.advance(4_000);
      expect(renewLease(state.db, lease, clock)).toBe(true);
    }
    expect(acquireLease(state.db, desired('b'))).toBeUndefined();
  });

  it('that another took lets its old holder write nothing, not even an audit row', () => {
    const old = acquireLease(state.db, desired('a'));
    if (!old) throw new Error('no lease');
    const fenced = state.store.under(old);
    fenced.write((tx) => tx.audit({ actor: 'engine', action: 'resumed', sentence: 'still mine' }));
    clock.advance(7_000);
    acquireLease(state.another().db, desired('b'));
    expect(() => fenced.write((tx) => tx.audit({ actor: 'engine', action: 'resumed', sentence: 'too late' }))).toThrow(
      'lost the lease',
    );
    expect(renewLease(state.db, old, clock)).toBe(false);
    releaseLease(state.db, old);
    expect(acquireLease(state.db, desired('c'))).toBeUndefined();
  });

  it('of a new state file has a higher token than any of a file that was lost', () => {
    const before = acquireLease(state.db, desired('a'));
    clock.advance(2_000);
    const rebuilt = setState({ clock });
    const after = acquireLease(rebuilt.db, desired('a'));
    rebuilt.remove();
    expect(after?.token).toBeGreaterThan(before?.token ?? Number.POSITIVE_INFINITY);
  });
});
