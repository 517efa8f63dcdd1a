// The examples of docs/hazards on real servers: each hazard shows, and each safe form does not.

import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../lib/testing/until.ts';
import { type Example, examplesFor, givenFor } from '../../testing/hazard-pages.ts';
import { heldUp, type OldRelease, startOldRelease } from '../../testing/old-release.ts';
import { oneSource, type PostgresServer, startPostgres } from '../../testing/postgres-server.ts';
import { type Section, sectionsOf } from '../../testing/sections.ts';
import { loadGrammar } from '../grammar.ts';
import { parsePostgres } from '../parse.ts';

const examples = examplesFor('postgres').filter(({ proof }) => proof !== 'told');
const deletes = ['ban-delete-all', 'ban-truncate'];
/** Rows of the examples' tables; a statement that reads half as many has read a table. */
const aTable = 500;

describe.each(oneSource)('on PostgreSQL of %s', (source) => {
  let server: PostgresServer;
  let databases = 0;

  beforeAll(async () => {
    await loadGrammar();
    server = await startPostgres(source);
    await server.query('postgres', 'CREATE ROLE app');
    await server.query('postgres', 'CREATE DATABASE given');
    await server.query('given', givenFor('postgres'));
  });
  afterAll(() => server?.stop());

  it.each(examples.filter(({ proof }) => proof !== 'queue'))('the hazard shows: $rule', async (example) => {
    await onStage(async (stage) => {
      if (example.proof === 'refused') return expect(runAll(stage, example.unsafe)).rejects.toThrow();
      const before = await stage.old.send(example.old);
      if (example.proof === 'waits') return expect(await holdsUp(stage, example, example.unsafe)).not.toEqual([]);
      await runAll(stage, example.unsafe);
      expect(await stage.old.send(example.old)).not.toEqual(before);
    });
  });

  it.each(examples.filter(({ proof }) => proof === 'queue'))('the hazard shows: $rule', async (example) => {
    await onStage(async (stage) => {
      const during = await besideReader(stage, example.reader, () => runAll(stage, example.unsafe), example.old);
      expect(during).toContain(heldUp);
    });
  });

  const withSafe = examples.filter(({ safe }) => safe !== undefined);
  it.each(withSafe)('the safe form is harmless: $rule', async (example) => {
    await onStage(async (stage) => {
      if (example.before !== undefined) await stage.migrator.query(example.before);
      const before = await stage.old.send(example.old);
      for (const section of sectionsOf(example.safe ?? '')) {
        if (section.stage === 'contract' && example.filled !== undefined) await stage.migrator.query(example.filled);
        await proveSafe(stage, example, section);
        // In contract the old release is gone; and a deliberate delete leaves fewer rows.
        const isSame = section.stage !== 'contract' && !deletes.includes(example.rule);
        if (isSame) expect(await stage.old.send(example.old), section.text).toEqual(before);
      }
      const invalid = await stage.migrator.query(
        'SELECT indexrelid::regclass AS name FROM pg_index WHERE NOT indisvalid',
      );
      expect(invalid.rows).toEqual([]);
    });
  });

  it('both releases write to a renamed column, and it stays one', async () => {
    const [expand, backfill] = sectionsOf(examples.find(({ rule }) => rule === 'renaming-column')?.safe ?? '');
    await onStage(async (stage) => {
      const { migrator } = stage;
      await runAll(stage, [expand as Section]);
      await migrator.query(`UPDATE users SET email = 'old@x' WHERE id = 1; UPDATE users SET mail = 'new@x' WHERE id = 2;
        INSERT INTO users (name, email) VALUES ('by the old', 'a@x'); INSERT INTO users (name, mail) VALUES ('by the new', 'b@x');
        UPDATE users SET mail = NULL WHERE name = 'by the old'; UPDATE users SET email = NULL WHERE name = 'by the new'`);
      const { rows } = await migrator.query(
        `SELECT id, email, mail FROM users WHERE id IN (1, 2) OR name LIKE 'by the%' ORDER BY id`,
      );
      expect(rows.map(({ email, mail }) => [email, mail])).toEqual([
        ['old@x', 'old@x'],
        ['new@x', 'new@x'],
        [null, null],
        [null, null],
      ]);
      await runAll(stage, [backfill as Section]);
      const left = await migrator.query('SELECT count(*)::int AS n FROM users WHERE mail IS DISTINCT FROM email');
      expect(left.rows).toEqual([{ n: 0 }]);
    });
  });

  async function proveSafe(stage: Stage, example: Example, section: Section): Promise<void> {
    if (isOutside(section)) {
      const during = await besideReader(stage, example.reader, () => runAll(stage, [section]), example.old);
      expect(during, section.text).not.toContain(heldUp);
    } else if (section.stage === 'backfill') await runAll(stage, [section]);
    else expect(await holdsUp(stage, example, [section]), section.text).toEqual([]);
  }

  interface Stage {
    readonly migrator: Client;
    readonly reader: Client;
    readonly old: OldRelease;
  }

  /** A database as the pages say, an old release on it, a migrator and a slow reader. */
  async function onStage(act: (stage: Stage) => Promise<void>): Promise<void> {
    databases += 1;
    const name = `stage_${databases}`;
    await server.query('postgres', `CREATE DATABASE ${name} TEMPLATE given`);
    const clients = [
      new Client({ connectionString: server.url(name) }),
      new Client({ connectionString: server.url(name) }),
    ];
    for (const client of clients) await client.connect();
    const old = await startOldRelease(server.url(name), 'app');
    try {
      const [migrator, reader] = clients as [Client, Client];
      await migrator.query(`SET timezone = 'UTC'; SET statement_timeout = '20s'`);
      await act({ migrator, reader, old });
    } finally {
      await old.end();
      for (const client of clients) await client.end();
      await server.query('postgres', `DROP DATABASE ${name} WITH (FORCE)`);
    }
  }

  async function runAll({ migrator }: Stage, sections: readonly Section[]): Promise<void> {
    for (const section of sections) {
      if (!isOutside(section)) await migrator.query('BEGIN');
      for (const statement of statementsOf(section)) await migrator.query(statement);
      if (!isOutside(section)) await migrator.query('COMMIT');
    }
  }

  /** Statements that read or write a whole table while the old release waits. */
  async function holdsUp(
    { migrator, old }: Stage,
    example: Example,
    sections: readonly Section[],
  ): Promise<readonly string[]> {
    const found: string[] = [];
    for (const section of sections) {
      await migrator.query('BEGIN');
      for (const statement of statementsOf(section)) {
        const before = await workOf(migrator);
        await migrator.query(statement);
        const after = await workOf(migrator);
        const isWork = after.read - before.read >= aTable || isRewritten(before.files, after.files);
        if (isWork && (await old.send(example.old)).includes(heldUp)) found.push(statement);
      }
      await migrator.query('COMMIT');
    }
    return found;
  }

  /** What the old release gets while a migration runs and a reader of `table` has not ended its transaction. */
  async function besideReader(stage: Stage, table: string, migrate: () => Promise<void>, old: readonly string[]) {
    const { reader, migrator } = stage;
    await reader.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM ${table} LIMIT 1`);
    const pid = (await migrator.query('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
    let isDone = false;
    const migration = migrate().finally(() => {
      isDone = true;
    });
    migration.catch(() => undefined);
    const isWaiting = async () =>
      (await reader.query(`SELECT 1 FROM pg_locks WHERE pid = ${pid} AND NOT granted`)).rows.length > 0;
    await until(async () => isDone || (await isWaiting()));
    const during = await stage.old.send(old);
    await reader.query('ROLLBACK');
    await migration;
    return during;
  }
});

const isOutside = ({ text }: Section): boolean => text.includes('@no-transaction');

/** One statement at a time; a backfill in one batch. */
function statementsOf({ text }: Section): readonly string[] {
  const parsed = parsePostgres(text);
  if (!parsed.ok) throw new Error(parsed.problem.problem);
  return parsed.statements.map((each) => each.text.replace(':from', '0').replace(':to', '1000000000'));
}

interface Work {
  /** Rows read by this transaction. */
  readonly read: number;
  /** The file of each relation. */
  readonly files: Readonly<Record<string, string>>;
}

async function workOf(client: Client): Promise<Work> {
  const { rows } = await client.query(`
    SELECT coalesce((SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_all_tables WHERE schemaname = 'public'), 0) AS read,
      (SELECT json_object_agg(oid, relfilenode) FROM pg_class WHERE relnamespace = 'public'::regnamespace) AS files`);
  return { read: Number(rows[0]?.read), files: rows[0]?.files };
}

const isRewritten = (before: Work['files'], after: Work['files']): boolean =>
  Object.entries(before).some(([oid, file]) => after[oid] !== undefined && after[oid] !== file);
