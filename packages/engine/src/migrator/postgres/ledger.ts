// The ledger's two tables, in the application's database.

import type { Catalog, LedgerChange, LedgerOutcome, LedgerRow, MigrationState } from '../database.ts';
import { MigrationError } from '../error.ts';
import type { Row, Session } from './session.ts';

export interface LedgerTables {
  /** Quoted, with their schema where one was named. */
  readonly ledger: string;
  readonly catalog: string;
}

interface Column {
  readonly column: string;
  readonly type: string;
}

const columnOf = {
  state: { column: 'state', type: 'text' },
  during: { column: 'during', type: 'text' },
  files: { column: 'files', type: 'jsonb' },
  statementsDone: { column: 'statements_done', type: 'integer' },
  cursor: { column: 'cursor', type: 'text' },
  rowsDone: { column: 'rows_done', type: 'bigint' },
  rowsTotal: { column: 'rows_total', type: 'bigint' },
  problem: { column: 'problem', type: 'text' },
} as const satisfies Record<keyof LedgerChange, Column>;

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** @param table `schema_migrations`, or `shop.schema_migrations`; else in the first schema of the role's search_path */
export function ledgerTables(table: string): LedgerTables {
  const parts = table.split('.');
  const quoted = (suffix: string) =>
    parts.map((part, at) => quoteName(at === parts.length - 1 ? `${part}${suffix}` : part)).join('.');
  return { ledger: quoted(''), catalog: quoted('_catalog') };
}

/** With their schema: what a file does to the search_path must not send its ledger row elsewhere. */
export async function locate(session: Session, tables: LedgerTables): Promise<LedgerTables> {
  const [row] = await session.ask(
    `SELECT quote_ident(n.nspname) AS schema FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)`,
    [tables.ledger],
  );
  if (row === undefined || tables.ledger.includes('"."')) return tables;
  return { ledger: `${row.schema}.${tables.ledger}`, catalog: `${row.schema}.${tables.catalog}` };
}

/** Only where they are missing: a role that may not create tables can still write into existing ones. */
export async function createTables(session: Session, tables: LedgerTables): Promise<void> {
  if (await hasLedger(session, tables)) return;
  await session.ask(`CREATE TABLE IF NOT EXISTS ${tables.ledger} (
    id text PRIMARY KEY,
    state text NOT NULL,
    during text,
    files jsonb NOT NULL DEFAULT '{}',
    statements_done integer NOT NULL DEFAULT 0,
    cursor text,
    rows_done bigint NOT NULL DEFAULT 0,
    rows_total bigint,
    problem text,
    updated_at timestamptz NOT NULL
  );
  CREATE TABLE IF NOT EXISTS ${tables.catalog} (one integer PRIMARY KEY CHECK (one = 1), catalog text NOT NULL)`);
}

/** Whether the ledger exists. @throws MigrationError `not-allowed` for another program's table of that name */
async function hasLedger(session: Session, { ledger, catalog }: LedgerTables): Promise<boolean> {
  const rows = await session.ask(
    `SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [ledger],
  );
  const columns = rows.map(({ attname }) => String(attname));
  if (columns.length === 0) return false;
  if (!Object.values(columnOf).every(({ column }) => columns.includes(column)))
    throw new MigrationError(
      'not-allowed',
      `the table ${ledger} belongs to something else: it has the columns ${columns.join(', ')}`,
      { hint: 'Name another table for the migrations of this database.' },
    );
  const [row] = await session.ask('SELECT to_regclass($1) IS NOT NULL AS there', [catalog]);
  return row?.there === true;
}

export interface Ledger {
  readonly session: Session;
  readonly tables: LedgerTables;
}

export async function writeLedger(
  { session, tables: { ledger } }: Ledger,
  id: string,
  outcome: LedgerOutcome,
  now: number,
) {
  if (outcome === 'forgotten') return void (await session.ask(`DELETE FROM ${ledger} WHERE id = $1`, [id]));
  const values: unknown[] = [id, Math.round(now)];
  const named = Object.entries(columnOf)
    .filter(([name]) => Object.hasOwn(outcome, name))
    .map(([name, { column, type }]) => {
      values.push(parameter(outcome[name as keyof LedgerChange]));
      return { column, value: `$${values.length}::${type}` };
    });
  const all = [...named, { column: 'updated_at', value: 'to_timestamp($2::bigint / 1000.0)' }];
  const assignments = all.map(({ column, value }) => `${column} = ${value}`).join(', ');
  const inserted = `INSERT INTO ${ledger} (id, ${all.map(({ column }) => column).join(', ')})
    VALUES ($1, ${all.map(({ value }) => value).join(', ')}) ON CONFLICT (id) DO UPDATE SET ${assignments}`;
  await session.ask(
    outcome.state === undefined ? `UPDATE ${ledger} SET ${assignments} WHERE id = $1` : inserted,
    values,
  );
}

function parameter(value: LedgerChange[keyof LedgerChange]): unknown {
  if (value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

export async function readLedger(session: Session, tables: LedgerTables): Promise<readonly LedgerRow[]> {
  if (!(await hasLedger(session, tables))) return [];
  const rows = await session.ask(
    `SELECT *, round(extract(epoch FROM updated_at) * 1000) AS updated_ms FROM ${tables.ledger}`,
  );
  return rows.map(rowOf).sort(byNumber);
}

/** Under a lock of the row, so that no session moves its cursor meanwhile. Undefined when there is no such row. */
export async function lockRow(session: Session, { ledger }: LedgerTables, id: string) {
  const [row] = await session.ask(`SELECT cursor, rows_done FROM ${ledger} WHERE id = $1 FOR UPDATE`, [id]);
  return row && { cursor: textOf(row.cursor), rowsDone: Number(row.rows_done) };
}

export async function writeCatalog(session: Session, { catalog }: LedgerTables, remembered: Catalog | undefined) {
  if (remembered === undefined) return void (await session.ask(`DELETE FROM ${catalog}`));
  const sql = `INSERT INTO ${catalog} (one, catalog) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET catalog = $1`;
  await session.ask(sql, [JSON.stringify(remembered)]);
}

export async function readCatalog(session: Session, tables: LedgerTables): Promise<Catalog | undefined> {
  if (!(await hasLedger(session, tables))) return undefined;
  const [row] = await session.ask(`SELECT catalog FROM ${tables.catalog}`);
  return row && (JSON.parse(String(row.catalog)) as Catalog);
}

const textOf = (value: unknown): string | undefined => (value === null ? undefined : String(value));

function rowOf(row: Row): LedgerRow {
  return {
    id: String(row.id),
    state: row.state as MigrationState,
    during: textOf(row.during) as MigrationState | undefined,
    files: row.files as LedgerRow['files'],
    statementsDone: Number(row.statements_done),
    cursor: textOf(row.cursor),
    rowsDone: Number(row.rows_done),
    rowsTotal: row.rows_total === null ? undefined : Number(row.rows_total),
    problem: textOf(row.problem),
    updatedAt: Number(row.updated_ms),
  };
}

function byNumber(one: LedgerRow, other: LedgerRow): number {
  const difference = Number.parseInt(one.id, 10) - Number.parseInt(other.id, 10);
  return difference || (one.id < other.id ? -1 : 1);
}
