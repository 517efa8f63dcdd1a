// What a driver provides to sign the contract: a separate database per test, and a service that uses it.

import type { SchemaDatabase } from '../database.ts';
import type { Dialect } from '../dialect.ts';

export interface DatabaseFixture {
  /** Loaded. */
  readonly dialect: Dialect;
  /** False where a change of the schema commits by itself: then what came before a failing statement stays, and is counted. */
  readonly undoesSchema: boolean;
  /** One statement that runs for a minute, unless it is stopped. */
  readonly slowStatement: string;
  /**
   * Another connection to the same database, as another process would have. The ledger is `schema_migrations`, with a
   * column `rows_done`, unless another table is named.
   */
  open(table?: string): Promise<SchemaDatabase>;
  /** One statement of the service, on its own connection. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Blocks changes of the table and of its rows, until the returned function is called. */
  occupy(table: string): Promise<() => Promise<void>>;
  /**
   * How another process opens it (testing/migrating-process.ts): the path of a module that exports
   * `open(options: string): Promise<{ database: SchemaDatabase; dialect: Dialect }>`, and those options.
   */
  readonly opener: { readonly module: string; readonly options: string };
  dispose(): Promise<void>;
}

export interface Stage {
  readonly fixture: DatabaseFixture;
  /** The first connection. */
  readonly database: SchemaDatabase;
  /** Opened as well, and closed after the test. */
  another(table?: string): Promise<SchemaDatabase>;
}

/** Short ones: what waits for a lock gives up within seconds. */
export const testLimits = { lockTimeoutMs: 200, lockTries: 3, lockTotalMs: 5_000, statementTimeoutMs: 30_000 };

export const neverAborted = new AbortController().signal;

export async function setStage(
  makeFixture: () => Promise<DatabaseFixture>,
): Promise<Stage & { clear(): Promise<void> }> {
  const fixture = await makeFixture();
  const opened: SchemaDatabase[] = [];
  async function another(table?: string) {
    const database = await fixture.open(table);
    opened.push(database);
    return database;
  }
  async function clear() {
    for (const database of opened) await database.close();
    await fixture.dispose();
  }
  return { fixture, database: await another(), another, clear };
}

/** The service's table, with rows 1 to `rows`. */
export async function createUsers(fixture: DatabaseFixture, rows: number): Promise<void> {
  await fixture.query(
    'CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(100), touched INTEGER DEFAULT 0 NOT NULL)',
  );
  await addUsers(fixture, 1, rows);
}

export async function addUsers({ query }: DatabaseFixture, from: number, to: number): Promise<void> {
  for (let first = from; first <= to; first += 500) {
    const ids = Array.from({ length: Math.min(500, to - first + 1) }, (_, at) => first + at);
    await query(`INSERT INTO users (id, name) VALUES ${ids.map((id) => `(${id}, 'user ${id}')`).join(', ')}`);
  }
}
