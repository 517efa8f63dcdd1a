// One batch: the next keys, the statement over them, and how far it came, in one transaction of InnoDB.

import type { BackfillBatch, RunLimits } from '../database.ts';
import { MigrationError } from '../error.ts';
import type { BackfillFile } from '../files/migration.ts';
import { untilFree } from '../retry.ts';
import { isLockError, toMigrationError } from './errors.ts';
import { whoHolds } from './holders.ts';
import { type MariadbStatement, withBounds } from './parse.ts';
import { inTransaction, statementsOf, type TestEngine, waitBriefly } from './run.ts';
import type { Row, Session } from './session.ts';
import { namesIn } from './statement-kind.ts';

export interface Batch {
  readonly id: string;
  readonly file: BackfillFile;
  readonly size: number;
  readonly limits: RunLimits;
  readonly signal: AbortSignal;
}

export async function runBatch(testEngine: TestEngine, batch: Batch): Promise<BackfillBatch> {
  const { session, clock } = testEngine;
  const { file, limits, signal } = batch;
  const [statement] = statementsOf(file);
  if (!statement) throw new MigrationError('failed', `${file.file}: holds no statement`);
  try {
    const key = await keyOf(session, file);
    await waitBriefly(session, limits);
    const contest = { isLocked: isLockError, whoHolds: () => whoHolds(session, namesIn(statement)) };
    return await untilFree({ clock, limits, signal }, contest, () => attempt(testEngine, batch, statement, key));
  } catch (thrown) {
    throw toMigrationError(thrown, `${file.file}:${statement.line}`);
  }
}

async function attempt(
  { session, tables, clock }: TestEngine,
  { id, file, size, limits, signal }: Batch,
  statement: MariadbStatement,
  key: Key,
): Promise<BackfillBatch> {
  const began = clock.now();
  const nothing = { rows: 0, cursor: undefined, tookMs: 0, pressed: false };
  return await inTransaction(session, async () => {
    const [row] = await session.ask(`SELECT last_key FROM ${tables.ledger} WHERE id = ? FOR UPDATE`, [id]);
    const bounds = await nextKeys(session, file, key, { after: row?.last_key as string | null, size });
    const rows = Number(bounds?.n ?? 0);
    if (!bounds || rows === 0) return nothing;
    const [from, to] = [String(bounds.first), String(bounds.last)];
    const sql = withBounds(statement, { from: key.literal(from), to: key.literal(to) });
    await session.execute(sql, { limitMs: limits.statementTimeoutMs, signal });
    const pressed = await somebodyWaits(session);
    await session.ask(
      `UPDATE ${tables.ledger} SET last_key = ?, rows_done = rows_done + ?, updated_at = ? WHERE id = ?`,
      [to, rows, clock.now(), id],
    );
    return { rows, cursor: to, tookMs: clock.now() - began, pressed };
  });
}

async function nextKeys(
  { ask }: Session,
  { table, key }: BackfillFile,
  { asText, literal }: Key,
  { after, size }: { readonly after: string | null; readonly size: number },
): Promise<Row | undefined> {
  const [k, t] = [quoted(key), namesOf(table).map(quoted).join('.')];
  const rest = after === null ? `${k} IS NOT NULL` : `${k} > ${literal(after)}`;
  const [bounds] = await ask(
    `SELECT ${asText('MIN(k)')} AS first, ${asText('MAX(k)')} AS last, COUNT(*) AS n
     FROM (SELECT ${k} AS k FROM ${t} WHERE ${rest} ORDER BY ${k} LIMIT ${Math.max(1, Math.trunc(size))}) AS batch`,
  );
  return bounds;
}

/** How a key is written down, and how it is compared without a conversion to another type. */
interface Key {
  readonly asText: (expression: string) => string;
  readonly literal: (text: string) => string;
}

async function keyOf({ ask, literal }: Session, { table, key }: BackfillFile): Promise<Key> {
  const names = namesOf(table);
  const [column] = await ask(
    `SELECT c.DATA_TYPE AS type, t.ENGINE AS engine FROM information_schema.COLUMNS c
     JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
     WHERE c.TABLE_SCHEMA = COALESCE(?, DATABASE()) AND c.TABLE_NAME = ? AND c.COLUMN_NAME = ?`,
    [names.length > 1 ? (names[0] ?? null) : null, names.at(-1) ?? '', unquoted(key)],
  );
  if (!column) throw new MigrationError('failed', `there is no column ${key} in a table ${table}`);
  if (column.engine !== 'InnoDB')
    throw new MigrationError(
      'failed',
      `${table} is kept by ${column.engine}, which has no transactions: a batch and how far it came could not be written together`,
    );
  const type = String(column.type);
  if (/int$|^decimal$/.test(type))
    return { asText: asChar, literal: (text) => (/^-?\d+(?:\.\d+)?$/.test(text) ? text : literal(text)) };
  if (/binary$|blob$/.test(type))
    return {
      asText: (expression) => `HEX(${expression})`,
      literal: (text) => `X'${text.replaceAll(/[^0-9A-F]/g, '')}'`,
    };
  return { asText: asChar, literal };
}

const asChar = (expression: string): string => `CAST(${expression} AS CHAR)`;

/**
 * On any row, of any session: what delays a batch delays the service. Not from INNODB_TRX: the server copies that table
 * at most every 100 ms, and not at all while it is read more often.
 */
async function somebodyWaits({ ask }: Session): Promise<boolean> {
  const [row] = await ask("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'").catch(() => []);
  return Number(row?.Value ?? 0) > 0;
}

const unquoted = (name: string): string => name.replace(/^(["`])(.*)\1$/, '$2');
const quoted = (name: string): string => `\`${unquoted(name).replaceAll('`', '``')}\``;
const namesOf = (table: string): readonly string[] => (table.match(/`[^`]+`|"[^"]+"|[^.]+/g) ?? []).map(unquoted);
