// Searches of the log: what they find, and that none of them reads the whole of it.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../domain/audit-events.ts';
import {
  type AuditFilter,
  actionsInLog,
  hasRowOfActor,
  rowsAround,
  searchAudit,
  searchRange,
  targetsInLog,
  timeBounds,
  withinTimes,
} from './audit-search.ts';
import { verifyAudit } from './audit-verification.ts';
import { setState, shop, type TestState } from './testing/state.ts';

let now = 1_000;
let state: TestState;
beforeEach(() => {
  now = 1_000;
  state = setState({ clock: { now: () => now, monotonic: () => now, sleep: async () => undefined } });
});
afterEach(() => state.remove());

type Bare = Extract<AuditEvent, { detail?: undefined }>;

function add(event: Partial<Bare> & Pick<Bare, 'action'>, at = now + 1): void {
  now = at;
  state.store.write((tx) => tx.audit({ actor: 'engine', sentence: event.action, ...event } as Bare));
}

function addSome(): void {
  add({ action: 'paused', ...shop, actor: 'person:alice', deploymentId: 'd_1' });
  add({ action: 'resumed', ...shop, actor: 'person:bob', deploymentId: 'd_1' });
  add({ action: 'approval-extended', ...shop, actor: 'person:bob', deploymentId: 'd_2' });
  add({ action: 'paused', service: 'shop', target: 'staging', actor: 'person:alice' });
  add({ action: 'clock-jumped' });
  add({ action: 'paused', ...shop, actor: 'person:alice' }, 500);
  add({ action: 'drift-resolved' as 'resumed', service: 'shop' });
}

const found = (filter: AuditFilter, limit = 10, order: 'newest-first' | 'oldest-first' = 'oldest-first') =>
  searchAudit(state.db, withinTimes(state.db, filter) ?? { actions: [] }, { limit, order }).map(({ seq }) => seq);

describe('a search', () => {
  beforeEach(addSome);

  it.each<[AuditFilter, readonly number[]]>([
    [{}, [1, 2, 3, 4, 5, 6, 7]],
    [shop, [1, 2, 3, 6]],
    [{ service: 'shop' }, [1, 2, 3, 4, 6, 7]],
    [{ service: 'shop', target: null }, [7]],
    [{ service: 'shop', actions: ['paused', 'drift'] }, [1, 4, 6]],
    [{ deploymentId: 'd_1' }, [1, 2]],
    [{ actor: 'person:alice' }, [1, 4, 6]],
    [{ actions: ['paused'] }, [1, 4, 6]],
    [{ actions: ['resumed', 'approval-extended', 'no-such'] }, [2, 3]],
    [{ actions: [] }, []],
    [{ ...shop, actor: 'person:alice', actions: ['paused', 'resumed'] }, [1, 6]],
    [{ deploymentId: 'd_1', actor: 'person:bob' }, [2]],
    [{ since: 1_003 }, [3, 4, 5]],
    [{ until: 1_002 }, [1, 2, 6, 7]],
    [{ since: 1_002, until: 1_004, actor: 'person:bob' }, [2, 3]],
    [{ since: 9_000 }, []],
    [{ from: 2, to: 4 }, [2, 3, 4]],
    [{ from: 5, since: 1_003 }, [5]],
  ])('%j', (filter, rows) => {
    expect(found(filter)).toEqual(rows);
    expect(found(filter, 10, 'newest-first')).toEqual(rows.toReversed());
  });

  it('gives the newest or the oldest ones where there are more', () => {
    expect(found({ actions: ['paused', 'resumed', 'approval-extended'] }, 2, 'newest-first')).toEqual([6, 4]);
    expect(found({ actions: ['paused', 'resumed', 'approval-extended'] }, 2)).toEqual([1, 2]);
  });

  it('knows what there is to search for', () => {
    expect(actionsInLog(state.db)).toEqual([
      'approval-extended',
      'clock-jumped',
      'drift-resolved',
      'paused',
      'resumed',
    ]);
    expect(targetsInLog(state.db, 'shop')).toEqual(['production', 'staging']);
    expect([hasRowOfActor(state.db, 'person:bob'), hasRowOfActor(state.db, 'person:eve')]).toEqual([true, false]);
  });

  it('finds what happened around a deployment, without its own rows', () => {
    const around = rowsAround(state.db, shop, { from: 1, to: 7, limit: 10 }).map(({ seq }) => seq);
    expect(around).toEqual([5, 6]);
  });
});

interface Compiled {
  toSQL(): { readonly sql: string; readonly params: readonly unknown[] };
}

function planOf(query: Compiled, db = state.db): string {
  const { sql, params } = query.toSQL();
  const rows = db.$client.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...params) as { detail: string }[];
  return rows.map(({ detail }) => detail).join('; ');
}

const page = { limit: 50, order: 'newest-first' } as const;

describe('the plan of a search', () => {
  it.each<[AuditFilter, string | undefined, string]>([
    [shop, undefined, 'audit_by_target (service=? AND target=?)'],
    [{ service: 'shop', target: null }, undefined, 'audit_by_target (service=? AND target=?)'],
    [{ deploymentId: 'd_1', ...shop, actor: 'engine' }, 'paused', 'audit_by_deployment (deployment_id=?)'],
    [{ actor: 'engine', ...shop }, 'paused', 'audit_by_action (action=?)'],
    [{ actor: 'engine', ...shop }, undefined, 'audit_by_actor (actor=?)'],
    [{ from: 5, to: 9 }, undefined, 'INTEGER PRIMARY KEY (rowid>? AND rowid<?)'],
    [{ from: 5, to: 9, actor: 'engine' }, undefined, 'audit_by_actor (actor=? AND rowid>? AND rowid<?)'],
  ])('%j %s', (filter, action, index) => {
    const plan = planOf(searchRange(state.db, { ...filter, action }, page));
    expect(plan).toContain(`SEARCH audit USING`);
    expect(plan).toContain(index);
    expect(plan).not.toContain('TEMP B-TREE');
  });

  it('reads only the index of times to find a time', () => {
    for (const [since, until] of [
      [5, undefined],
      [undefined, 5],
      [1, 5],
    ] as const)
      expect(planOf(timeBounds(state.db, since, until))).toMatch(/^SEARCH audit USING COVERING INDEX audit_by_time/);
  });

  it('reads no more rows than asked for where nothing narrows it', () => {
    expect(planOf(searchRange(state.db, {}, page))).toBe('SCAN audit');
    expect(searchRange(state.db, {}, page).toSQL().sql).toContain('limit ?');
  });
});

it('the indexes are added to a state of the version before, which verifies and goes on', () => {
  addSome();
  const file = resolve(import.meta.dirname, '../../../../migrations/0012_audit_search.sql');
  const names = [...readFileSync(file, 'utf8').matchAll(/CREATE INDEX IF NOT EXISTS (\w+)/g)].map(([, name]) => name);
  expect(names).toHaveLength(4);
  const { $client } = state.db;
  $client.exec(names.map((name) => `DROP INDEX ${name};`).join(' '));
  $client.exec('DELETE FROM __drizzle_migrations WHERE created_at >= 1795350000000');
  const { db } = state.another();
  expect(planOf(searchRange(db, { actor: 'engine' }, page), db)).toContain('audit_by_actor');
  expect(verifyAudit(db)).toMatchObject({ intact: true, rows: 7 });
  add({ action: 'resumed', actor: 'person:carol' }, 2_000);
  expect(found({ actor: 'person:carol' })).toEqual([8]);
});
