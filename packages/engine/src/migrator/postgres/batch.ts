// One batch of a backfill: the next keys, the statement over them, and the cursor, in one transaction.

import type { BackfillBatch, RunLimits } from '../database.ts';
import { MigrationError } from '../error.ts';
import { withParameters } from '../files/code.ts';
import type { BackfillFile } from '../files/migration.ts';
import { untilFree } from '../retry.ts';
import { isLocked } from './errors.ts';
import { lockRow, writeLedger } from './ledger.ts';
import { type Hands, located, nobodySeen, statementsOf } from './run.ts';
import type { Session } from './session.ts';
import { type BlockedBy, watched } from './watch.ts';

export interface BatchRun {
  readonly id: string;
  readonly file: BackfillFile;
  readonly size: number;
  readonly limits: RunLimits;
  readonly signal: AbortSignal;
}

const worstLagMs = 1_500;
/** A batch holds the rows it has while it waits for one more: half as long as an expand may wait. */
const lockShare = 0.5;

export async function runBatch(hands: Hands, run: BatchRun): Promise<BackfillBatch> {
  const { clock, session } = hands;
  const { file, limits, signal } = run;
  const [present] = statementsOf(file);
  const undoing = async () => {
    try {
      return await oneBatch(hands, run);
    } catch (thrown) {
      if (session.isAlive()) await session.ask('ROLLBACK').catch(() => session.destroy());
      throw thrown;
    }
  };
  const contest = (blockedBy: BlockedBy) => ({ isLocked, whoHolds: async () => blockedBy() ?? nobodySeen });
  return await watched({ ...hands, signal }, (blockedBy) =>
    untilFree({ clock, limits, signal }, contest(blockedBy), undoing),
  ).catch((thrown: unknown) => {
    throw located(thrown, { file: file.file, present }, run);
  });
}

async function oneBatch(
  { session, clock, tables }: Hands,
  { id, file, size, limits }: BatchRun,
): Promise<BackfillBatch> {
  const began = clock.now();
  const lockTimeoutMs = Math.ceil(limits.lockTimeoutMs * lockShare);
  await session.ask(
    `BEGIN; SET LOCAL lock_timeout = ${lockTimeoutMs}; SET LOCAL statement_timeout = ${Math.round(limits.statementTimeoutMs)}`,
  );
  const row = await lockRow(session, tables, id);
  if (row === undefined) throw new MigrationError('failed', `${id} is in the ledger no more`);
  const type = await keyType(session, file);
  const page = await nextPage(session, { file, type, after: row.cursor, size });
  if (page === undefined) {
    await session.ask('COMMIT');
    return { rows: 0, cursor: undefined, tookMs: clock.now() - began, pressed: false };
  }
  const statement = withParameters(file.text, { from: `$1::${type}`, to: `$2::${type}` });
  await session.execute(statement.replace(/;\s*$/, ''), [page.from, page.to]);
  await writeLedger({ session, tables }, id, { cursor: page.to, rowsDone: row.rowsDone + page.rows }, clock.now());
  const pressed = await isPressed(session);
  await session.ask('COMMIT');
  return { rows: page.rows, cursor: page.to, tookMs: clock.now() - began, pressed };
}

/** As a cast needs it. */
async function keyType(session: Session, { file, table, key }: BackfillFile): Promise<string> {
  const name = key.startsWith('"') ? key.slice(1, -1).replaceAll('""', '"') : key.toLowerCase();
  const [row] = await session.ask(
    'SELECT format_type(atttypid, -1) AS type FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = $2 AND NOT attisdropped',
    [table, name],
  );
  if (row === undefined) throw new MigrationError('failed', `${file}: there is no column ${key} in a table ${table}`);
  return String(row.type);
}

interface Page {
  readonly from: string;
  readonly to: string;
  readonly rows: number;
}

/** Keys without a value are left out: they do not sort. */
async function nextPage(
  session: Session,
  {
    file,
    type,
    after,
    size,
  }: { readonly file: BackfillFile; readonly type: string; readonly after: string | undefined; readonly size: number },
): Promise<Page | undefined> {
  const { table, key } = file;
  const [row] = await session.ask(
    `WITH page AS (
       SELECT ${key} AS k FROM ${table} WHERE ${after === undefined ? `${key} IS NOT NULL` : `${key} > $2::${type}`}
       ORDER BY ${key} LIMIT $1)
     SELECT (SELECT page.k::text FROM page ORDER BY page.k LIMIT 1) AS first, (SELECT page.k::text FROM page ORDER BY page.k DESC LIMIT 1) AS last,
       (SELECT count(*) FROM page) AS rows`,
    after === undefined ? [size] : [size, after],
  );
  if (row === undefined || row.first === null) return undefined;
  return { from: String(row.first), to: String(row.last), rows: Number(row.rows) };
}

/** A session waits for rows that this transaction holds, or a replica is behind (a role without rights sees none). */
async function isPressed(session: Session): Promise<boolean> {
  const [row] = await session.ask(
    `SELECT EXISTS (SELECT FROM pg_locks
         WHERE NOT granted AND locktype = 'transactionid' AND transactionid = pg_current_xact_id()::xid)
       OR EXISTS (SELECT FROM pg_stat_replication WHERE replay_lag > $1 * interval '1 millisecond') AS pressed`,
    [worstLagMs],
  );
  return row?.pressed === true;
}
