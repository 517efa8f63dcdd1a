// The ledger's two tables, in the application's database. Plain types and no STRICT: the application may use an older
// SQLite, which would refuse the whole file for a word that it does not know.

import type { Catalog, LedgerChange, LedgerRow, MigrationState } from '../database.ts';
import { MigrationError } from '../error.ts';
import type { Connection, Row } from './connection.ts';

export interface LedgerTables {
  /** Quoted. */
  readonly ledger: string;
  readonly catalog: string;
  /** Both, as they are named. */
  readonly names: readonly string[];
}

const columnOf = {
  state: 'state',
  during: 'during',
  files: 'files',
  statementsDone: 'statements_done',
  cursor: 'cursor',
  rowsDone: 'rows_done',
  rowsTotal: 'rows_total',
  problem: 'problem',
} as const satisfies Record<keyof LedgerChange, string>;

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export function ledgerTables(table: string): LedgerTables {
  const names = [table, `${table}_catalog`];
  return { ledger: quoteName(table), catalog: quoteName(`${table}_catalog`), names };
}

export const createTables = ({ ledger, catalog }: LedgerTables): string => `
CREATE TABLE IF NOT EXISTS ${ledger} (
  id TEXT PRIMARY KEY NOT NULL,
  state TEXT NOT NULL,
  during TEXT,
  files TEXT NOT NULL DEFAULT '{}',
  statements_done INTEGER NOT NULL DEFAULT 0,
  cursor TEXT,
  rows_done INTEGER NOT NULL DEFAULT 0,
  rows_total INTEGER,
  problem TEXT,
  updated_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS ${catalog} (one INTEGER PRIMARY KEY CHECK (one = 1), catalog TEXT NOT NULL);
`;

/** SQL with its values in it: everything is quoted here, and a change travels with the transaction it belongs to. */
export function changeSql({ ledger }: LedgerTables, id: string, change: LedgerChange, now: number): string {
  const values = Object.entries(columnOf)
    .filter(([name]) => Object.hasOwn(change, name))
    .map(([name, column]) => [column, literal(change[name as keyof LedgerChange])]);
  const all = [...values, ['updated_at', String(Math.round(now))]];
  const assignments = all.map(([column, value]) => `${column} = ${value}`).join(', ');
  if (change.state === undefined) return `UPDATE ${ledger} SET ${assignments} WHERE id = ${quoteText(id)};`;
  const columns = ['id', ...all.map(([column]) => column)].join(', ');
  const inserted = [quoteText(id), ...all.map(([, value]) => value)].join(', ');
  return `INSERT INTO ${ledger} (${columns}) VALUES (${inserted}) ON CONFLICT (id) DO UPDATE SET ${assignments};`;
}

export const forgetSql = ({ ledger }: LedgerTables, id: string): string =>
  `DELETE FROM ${ledger} WHERE id = ${quoteText(id)};`;

export function rememberSql({ catalog }: LedgerTables, remembered: Catalog | undefined): string {
  if (remembered === undefined) return `DELETE FROM ${catalog};`;
  return `INSERT OR REPLACE INTO ${catalog} (one, catalog) VALUES (1, ${quoteText(JSON.stringify(remembered))});`;
}

/** Writes as the engine does when a file is done, and leaves nothing. For scratch copies. */
export function tryTables(tables: LedgerTables): string {
  const row = 'bg_scratch';
  const change: LedgerChange = { state: 'expanded', files: {}, statementsDone: 0, problem: undefined };
  return [changeSql(tables, row, change, 0), forgetSql(tables, row), rememberSql(tables, undefined)].join(' ');
}

function literal(value: LedgerChange[keyof LedgerChange]): string {
  if (value === undefined) return 'NULL';
  if (typeof value === 'number') return String(value);
  return quoteText(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Whether the ledger exists. @throws MigrationError `not-allowed` for another program's table of that name */
export async function hasLedger(connection: Connection, { ledger, names }: LedgerTables): Promise<boolean> {
  const columns = (await connection.rows('SELECT name FROM pragma_table_info(?)', [names[0] ?? ''])).map(
    ({ name }) => name,
  );
  if (columns.length === 0) return false;
  if (Object.values(columnOf).every((column) => columns.includes(column))) return true;
  throw new MigrationError(
    'not-allowed',
    `the table ${ledger} belongs to something else: it has the columns ${columns.join(', ')}`,
    {
      hint: 'Name another table for the migrations of this database.',
    },
  );
}

export async function readLedger(connection: Connection, tables: LedgerTables): Promise<readonly LedgerRow[]> {
  if (!(await hasLedger(connection, tables))) return [];
  return await connection
    .rows(`SELECT * FROM ${tables.ledger} ORDER BY CAST(id AS INTEGER), id`)
    .then((rows) => rows.map(rowOf));
}

export async function readCatalog(connection: Connection, tables: LedgerTables): Promise<Catalog | undefined> {
  if (!(await hasLedger(connection, tables))) return undefined;
  const [row] = await connection.rows(`SELECT catalog FROM ${tables.catalog}`);
  return row && (JSON.parse(String(row.catalog)) as Catalog);
}

function rowOf(row: Row): LedgerRow {
  const text = (value: unknown) => (value === null ? undefined : String(value));
  return {
    id: String(row.id),
    state: row.state as MigrationState,
    during: text(row.during) as MigrationState | undefined,
    files: JSON.parse(String(row.files)) as LedgerRow['files'],
    statementsDone: Number(row.statements_done),
    cursor: text(row.cursor),
    rowsDone: Number(row.rows_done),
    rowsTotal: row.rows_total === null ? undefined : Number(row.rows_total),
    problem: text(row.problem),
    updatedAt: Number(row.updated_at),
  };
}
