// A state of the version before, which had no indexes for a long history: it opens, gets them, and goes on.

import { afterEach, expect, it } from 'vitest';
import { verifyAudit } from './audit-verification.ts';
import { fetchedAt, fetchedSha256 } from './fetched.ts';
import { setState, type TestState } from './testing/state.ts';

let state: TestState | undefined;
afterEach(() => state?.remove());

const indexesOf = ({ db }: TestState): readonly unknown[] =>
  db.$client.prepare("SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY name").pluck().all();

it('opens a file of the version before, whose rows the new indexes find', () => {
  state = setState();
  const { $client: client } = state.db;
  const all = indexesOf(state);
  for (const sha256 of ['a', 'b'])
    state.store.write((tx) =>
      tx.audit({
        actor: 'engine',
        action: 'release-fetched',
        service: 'shop',
        sentence: 'fetched',
        detail: { version: 'v1', source: 'https://example.com/v1.tgz', bytes: 1, files: 1, sha256, digest: sha256 },
      }),
    );
  const added = client
    .prepare("SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE INDEX%'")
    .pluck()
    .all() as readonly string[];
  const older = ['deployments_by_target', 'audit_by_deployment', 'outbox_waiting', 'inbox_waiting', 'inbox_settled'];
  const oldest = [
    ...older,
    'inbox_with_body',
    'builds_of_a_version',
    'builds_of_a_branch',
    'hands_by_time',
    'waiting_now',
  ];
  for (const name of added) if (!oldest.includes(name)) client.exec(`DROP INDEX ${name}`);
  client.exec('DELETE FROM __drizzle_migrations WHERE created_at >= 1795340000000');
  expect(indexesOf(state).length).toBeLessThan(all.length - 15);
  const again = state.another();
  expect(indexesOf(state)).toEqual(all);
  expect(fetchedSha256(again.db, 'shop', 'v1')).toBe('b');
  expect(fetchedAt(again.db, 'shop', 'v1')).toBeGreaterThan(0);
  again.store.write((tx) => tx.audit({ actor: 'engine', action: 'resumed', sentence: 'goes on' }));
  expect(verifyAudit(again.db)).toMatchObject({ intact: true, rows: 3 });
});
