// Every safe form that the lint prints, run on a real server at its place in a history: it must pass the lint, run, and
// leave what the statement itself would have made.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Advice, adviceIn, faultsOf, statementsIn } from '../../testing/advice.ts';
import { differences, type Snapshot, snapshotOf } from '../../testing/catalog.ts';
import { type PostgresServer, startPostgres } from '../../testing/postgres-server.ts';
import { roomFor } from '../../testing/room.ts';
import { casesOf, expectedOf, lintSections, reported, type Section } from '../../testing/sections.ts';
import { postgresDialect } from '../dialect.ts';

const read = (name: string): string => readFileSync(join(import.meta.dirname, 'corpus', name), 'utf8');
const corpora = ['hazards.sql', 'histories.sql'] as const;

await postgresDialect.load();

describe.each(corpora)('advice over %s', (corpus) => {
  let server: PostgresServer;
  let shared: Client;
  const all = casesOf(read(corpus)).flatMap((each) => adviceIn(postgresDialect, each));

  beforeAll(async () => {
    server = await startPostgres('npm');
    await server.query('postgres', 'CREATE DATABASE given');
    if (corpus === 'hazards.sql') await server.query('given', read('given.sql'));
    else await server.query('given', 'CREATE ROLE app; CREATE SCHEMA app');
    await server.query('postgres', 'CREATE DATABASE shared TEMPLATE given');
    shared = await connected('shared');
  });
  afterAll(async () => {
    await shared?.end();
    await server?.stop();
  });

  it('is plenty', () => {
    console.info(`${corpus}: ${all.length} safe forms`);
    expect(all.length).toBeGreaterThan(10);
  });

  it.each(corpus === 'histories.sql' ? casesOf(read(corpus)) : [])(
    'stands on a hazard that is found: $title',
    (each) => {
      expect(reported(lintSections(postgresDialect, each.sections))).toEqual(expectedOf(each));
    },
  );

  it.each(all)('passes the lint itself: $title', (advice) => {
    expect(faultsOf(postgresDialect, advice), advice.finding.safe).toEqual([]);
  });

  it.each(all)('makes what the statement makes: $title', async (advice) => {
    const [ofStatement, ofAdvice] = [await outcome(advice, [advice.original]), await outcome(advice, advice.safe)];
    // Of a table that the migrations do not show, the finding says what is to be carried over by hand.
    if (advice.finding.message.includes('these migrations do not show what')) return;
    // What the server refuses at once for rows or for dependent objects, it may refuse later as well.
    if (typeof ofStatement === 'string') {
      if (typeof ofAdvice === 'string') expect(ofAdvice).toBe(ofStatement);
      return;
    }
    if (typeof ofAdvice === 'string') throw new Error(`${ofAdvice}: ${advice.finding.safe}`);
    const rows = movesRows.has(advice.finding.rule);
    const found = differences(ofStatement, ofAdvice).filter((line) => rows || !line.slice(2).startsWith('row '));
    expect(
      found.filter((line) => byDesign[advice.finding.rule]?.test(line) !== true),
      advice.finding.safe,
    ).toEqual([]);
  });

  let databases = 0;

  /** The schema afterwards, or the SQLSTATE with which the server refused. */
  async function outcome(advice: Advice, sections: readonly Section[]): Promise<Snapshot | string> {
    const isOutside = [...advice.before, ...sections].some(outside);
    const found = isOutside ? undefined : await inTransaction(advice, sections);
    return found ?? (await onCopy(advice, sections));
  }

  /** Undefined where one transaction cannot hold it. */
  async function inTransaction(advice: Advice, sections: readonly Section[]): Promise<Snapshot | string | undefined> {
    await shared.query('BEGIN');
    try {
      return await played(shared, advice, sections, true);
    } catch (thrown) {
      const code = codeOf(thrown);
      return ['55006', '55P04'].includes(code) ? undefined : code;
    } finally {
      await shared.query('ROLLBACK');
    }
  }

  async function onCopy(advice: Advice, sections: readonly Section[]): Promise<Snapshot | string> {
    databases += 1;
    const name = `advice_${databases}`;
    await server.query('postgres', `CREATE DATABASE ${name} TEMPLATE given`);
    const client = await connected(name);
    try {
      return await played(client, advice, sections, false);
    } catch (thrown) {
      return codeOf(thrown);
    } finally {
      await client.end();
      await server.query('postgres', `DROP DATABASE ${name} WITH (FORCE)`);
    }
  }

  async function played(client: Client, advice: Advice, sections: readonly Section[], isInside: boolean) {
    if (corpus === 'hazards.sql')
      for (const sql of roomFor([...advice.before, advice.original])) await client.query(sql);
    for (const section of [...advice.before, ...sections]) await run(client, section, isInside);
    return await snapshotOf(client);
  }

  async function connected(database: string): Promise<Client> {
    const client = new Client({ connectionString: server.url(database) });
    await client.connect();
    await client.query(`SET timezone = 'UTC'; SET statement_timeout = '20s'`);
    return client;
  }
});

const outside = ({ text }: Section): boolean => text.includes('-- @no-transaction');

function codeOf(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string')
    return `${thrown.code} ${thrown.message}`.slice(0, 5);
  throw thrown;
}

/** Where rows are compared too; elsewhere they are random, or what the new release would have written. */
const movesRows: ReadonlySet<string> = new Set([
  'unbatched-change',
  'ban-delete-all',
  'ban-truncate',
  'mixing-schema-and-data',
  'changing-column-type',
  'renaming-column',
]);

/** Where the advice is another thing than the statement, as its page says. */
const byDesign: Readonly<Record<string, RegExp>> = {
  'adding-stored-generated-field': /^(?:\+ (?:routine|trigger) |[+-] \S+\.\S+: )/,
  'adding-domain-field': /^(?:\+ constraint |[+-] \S+\.\S+: )/,
  'adding-json-field': /^[+-] \S+: json/,
  'renaming-table': /^\+ (?:relation )?users/,
  'renaming-object': /^[+-] type /,
  // The server gives the partition a CHECK of its bounds.
  'require-concurrent-detach-partition': /^\+ constraint /,
};

async function run(client: Client, section: Section, isInside: boolean): Promise<void> {
  const isAlone = isInside || outside(section);
  const statements = statementsIn(postgresDialect, section.text).map(({ text }) => text);
  if (section.stage === 'backfill') return await fill(client, section, statements[0] ?? '');
  if (!isAlone) await client.query('BEGIN');
  if (section.stage === 'contract') await fillRequired(client, statements);
  for (const statement of statements) await client.query(statement);
  if (!isAlone) await client.query('COMMIT');
}

/** In two batches, by the table and key that the file names. */
async function fill(client: Client, { text }: Section, statement: string): Promise<void> {
  const [, table = ''] = /^-- @table (.*)$/m.exec(text) ?? [];
  const [, key = ''] = /^-- @key (.*)$/m.exec(text) ?? [];
  const { rows } = await client.query(`SELECT ${key} AS key FROM ${table} WHERE ${key} IS NOT NULL ORDER BY 1`);
  const keys: readonly unknown[] = rows.map((row) => row.key);
  const half = Math.ceil(keys.length / 2);
  for (const page of [keys.slice(0, half), keys.slice(half)].filter(({ length }) => length > 0)) {
    await client.query(statement.replaceAll(':from', '$1').replaceAll(':to', '$2'), [page[0], page.at(-1)]);
  }
}

/** What the new release has written into its new column by then. */
async function fillRequired(client: Client, statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    const [, table, column] =
      /^ALTER TABLE (\S+) ADD CONSTRAINT \S+ CHECK \((\S+) IS NOT NULL\) NOT VALID/.exec(statement) ?? [];
    if (table === undefined) continue;
    const { rows } = await client.query(`SELECT ctid, row_number() OVER () AS n FROM ${table} WHERE ${column} IS NULL`);
    for (const { ctid, n } of rows) await client.query(`UPDATE ${table} SET ${column} = '${n}' WHERE ctid = '${ctid}'`);
  }
}
