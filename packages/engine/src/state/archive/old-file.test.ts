// A state of the version before, which knew no archives: it opens, goes on, and can be archived.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { appendAudit, latestHead, rememberHead } from '../audit.ts';
import { verifyAudit } from '../audit-verification.ts';
import { setState } from '../testing/state.ts';
import { archiveRows } from './archive.ts';

const migrations = resolve(import.meta.dirname, '../../../../../migrations');
const statementsOf = (file: string): readonly string[] =>
  readFileSync(join(migrations, file), 'utf8').split('--> statement-breakpoint');

it('opens a file of the version before, and archives its rows', async () => {
  const state = setState();
  try {
    const { $client: client } = state.db;
    client.exec('DROP TRIGGER audit_is_never_shortened; DROP TRIGGER heads_are_never_removed');
    client.exec('DROP TABLE archives; DROP TABLE retained');
    const before = [...statementsOf('0000_state.sql'), ...statementsOf('0007_audit_only_grows.sql')];
    for (const name of ['audit_is_never_shortened', 'heads_are_never_removed'])
      client.exec(before.find((statement) => statement.includes(`CREATE TRIGGER ${name} `)) ?? '');
    client.exec('DELETE FROM __drizzle_migrations WHERE created_at >= 1795380000000');
    // Written before the file is opened by this version.
    for (let row = 1; row <= 5; row += 1)
      appendAudit(state.db, row, { actor: 'engine', action: 'resumed', sentence: `row ${row}` }, (text) => text);
    rememberHead(state.db, latestHead(state.db) ?? { seq: 0, hash: '' }, 1, 'slack');
    const run = { before: Date.now(), through: 3, folder: join(state.folder, 'archive'), actor: 'engine' };
    const again = state.another();
    expect(() => again.db.$client.exec('DELETE FROM audit WHERE seq = 1')).toThrow('append-only');
    expect(await archiveRows({ ...run, store: again.store })).toMatchObject({ lastSeq: 3 });
    expect(verifyAudit(again.db)).toMatchObject({ intact: true, rows: 6 });
    expect(() => again.db.$client.exec('DELETE FROM heads')).toThrow('final');
  } finally {
    state.remove();
  }
});
