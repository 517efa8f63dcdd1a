// The ledger and the remembered catalog: two tables in the application's database, made by the first change.

import type { Catalog, FilePrint, LedgerChange, LedgerOutcome, LedgerRow, MigrationState } from '../database.ts';
import type { Stage } from '../files/migration.ts';
import type { BegunTool } from './online/begun.ts';
import type { Row, Session, Value } from './session.ts';

export interface LedgerTables {
  readonly ledger: string;
  readonly catalog: string;
}

export const ledgerTables = (table: string): LedgerTables => ({ ledger: table, catalog: `${table}_catalog` });

export async function readLedger({ ask }: Session, { ledger }: LedgerTables): Promise<readonly LedgerRow[]> {
  if (!(await exists(ask, ledger))) return [];
  const rows = await ask(`SELECT * FROM ${ledger}`);
  return rows.map(asLedgerRow).sort((a, b) => Number.parseInt(a.id, 10) - Number.parseInt(b.id, 10));
}

/** Of the last started statement, while its outcome is unknown. */
export interface Begun {
  readonly index: number;
  /** Of its text. */
  readonly print: string;
  /** Of the objects that it names, as they were before it. */
  readonly before: string;
  /** Where a tool makes the change. */
  readonly tool?: BegunTool;
}

export interface Progress {
  readonly statementsDone: number;
  readonly begun: Begun | undefined;
}

export async function readProgress({ ask }: Session, { ledger }: LedgerTables, id: string): Promise<Progress> {
  const [row] = await ask(`SELECT statements_done, begun FROM ${ledger} WHERE id = ?`, [id]);
  const begun = typeof row?.begun === 'string' ? (JSON.parse(row.begun) as Begun) : undefined;
  return { statementsDone: Number(row?.statements_done ?? 0), begun };
}

export async function markBegun({ ask }: Session, { ledger }: LedgerTables, id: string, begun: Begun | undefined) {
  await ask(`UPDATE ${ledger} SET begun = ? WHERE id = ?`, [begun === undefined ? null : JSON.stringify(begun), id]);
}

export interface Ledger {
  readonly session: Session;
  readonly tables: LedgerTables;
}

export async function changeRow(ledger: Ledger, id: string, change: LedgerChange, now: number) {
  await makeTables(ledger.session, ledger.tables);
  await writeRow(ledger, id, change, now);
}

async function writeRow({ session: { ask }, tables }: Ledger, id: string, change: LedgerChange, now: number) {
  const changed = [...columnsOf(change), ['updated_at', now] as const];
  // What was begun belongs to the statement after `statements_done`.
  const all = change.statementsDone === undefined ? changed : [...changed, ['begun', null] as const];
  const names = all.map(([name]) => name);
  const values = all.map(([, value]) => value);
  const assigned = names.map((name) => `${name} = ?`).join(', ');
  if (change.state === undefined) {
    await ask(`UPDATE ${tables.ledger} SET ${assigned} WHERE id = ?`, [...values, id]);
    return;
  }
  await ask(
    `INSERT INTO ${tables.ledger} (id, ${names.join(', ')}) VALUES (?${', ?'.repeat(names.length)})
     ON DUPLICATE KEY UPDATE ${assigned}`,
    [id, ...values, ...values],
  );
}

/** Writes as the engine does when a file is done, and makes nothing that is missing. For scratch copies. @throws the server's error */
export async function tryTables(session: Session, tables: LedgerTables): Promise<void> {
  const row = 'bg_scratch';
  await writeRow({ session, tables }, row, { state: 'expanded', statementsDone: 0, problem: undefined }, 0);
  await session.ask(`DELETE FROM ${tables.ledger} WHERE id = ?`, [row]);
  await session.ask(`DELETE FROM ${tables.catalog}`);
}

export async function forgetRow({ ask }: Session, { ledger }: LedgerTables, id: string): Promise<void> {
  if (await exists(ask, ledger)) await ask(`DELETE FROM ${ledger} WHERE id = ?`, [id]);
}

export async function leaveRow(ledger: Ledger, id: string, then: LedgerOutcome, now: number) {
  if (then === 'forgotten') await forgetRow(ledger.session, ledger.tables, id);
  else await changeRow(ledger, id, then, now);
}

export async function rememberCatalog(session: Session, tables: LedgerTables, catalog: Catalog | undefined) {
  if (catalog === undefined) {
    if (await exists(session.ask, tables.catalog)) await session.ask(`DELETE FROM ${tables.catalog}`);
    return;
  }
  await makeTables(session, tables);
  await session.ask(`REPLACE INTO ${tables.catalog} (one, objects) VALUES (1, ?)`, [JSON.stringify(catalog)]);
}

export async function rememberedCatalog({ ask }: Session, { catalog }: LedgerTables): Promise<Catalog | undefined> {
  if (!(await exists(ask, catalog))) return undefined;
  const [row] = await ask(`SELECT objects FROM ${catalog} WHERE one = 1`);
  return row === undefined ? undefined : (JSON.parse(String(row.objects)) as Catalog);
}

async function exists(ask: Session['ask'], table: string): Promise<boolean> {
  const found = await ask(
    'SELECT 1 AS found FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
    [table],
  );
  return found.length > 0;
}

/** Checked first: a role that may not create tables can still work where they exist. */
export async function makeTables({ ask }: Session, { ledger, catalog }: LedgerTables): Promise<void> {
  if (!(await exists(ask, ledger))) await ask(ledgerDefinition(ledger));
  if (!(await exists(ask, catalog))) await ask(catalogDefinition(catalog));
}

const inOneWay = 'ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
const ledgerDefinition = (name: string): string => `CREATE TABLE IF NOT EXISTS ${name} (
  id VARCHAR(255) NOT NULL PRIMARY KEY,
  state VARCHAR(20) NOT NULL,
  during VARCHAR(20),
  files TEXT,
  statements_done INT NOT NULL DEFAULT 0,
  begun TEXT,
  last_key TEXT,
  rows_done BIGINT NOT NULL DEFAULT 0,
  rows_total BIGINT,
  problem TEXT,
  updated_at BIGINT NOT NULL
) ${inOneWay}`;
const catalogDefinition = (name: string): string =>
  `CREATE TABLE IF NOT EXISTS ${name} (one TINYINT NOT NULL PRIMARY KEY, objects LONGTEXT NOT NULL) ${inOneWay}`;

function columnsOf(change: LedgerChange): readonly (readonly [string, Value])[] {
  const columns: readonly (readonly [keyof LedgerChange, string])[] = [
    ['state', 'state'],
    ['during', 'during'],
    ['statementsDone', 'statements_done'],
    ['cursor', 'last_key'],
    ['rowsDone', 'rows_done'],
    ['rowsTotal', 'rows_total'],
    ['problem', 'problem'],
  ];
  const plain = columns.flatMap(([key, column]) =>
    key in change ? [[column, (change[key] as Value | undefined) ?? null] as const] : [],
  );
  return 'files' in change ? [...plain, ['files', JSON.stringify(change.files ?? {})]] : plain;
}

function asLedgerRow(row: Row): LedgerRow {
  const text = (value: Value | undefined) => (typeof value === 'string' ? value : undefined);
  const { tool } = JSON.parse(text(row.begun) ?? '{}') as Partial<Begun>;
  return {
    id: String(row.id),
    state: row.state as MigrationState,
    during: text(row.during) as MigrationState | undefined,
    files: JSON.parse(text(row.files) ?? '{}') as Readonly<Partial<Record<Stage, FilePrint>>>,
    statementsDone: Number(row.statements_done),
    cursor: text(row.last_key),
    rowsDone: Number(row.rows_done),
    rowsTotal: row.rows_total === null ? undefined : Number(row.rows_total),
    problem: text(row.problem),
    updatedAt: Number(row.updated_at),
    ...(tool === undefined ? {} : { online: { tool: tool.name, line: tool.line } }),
  };
}
