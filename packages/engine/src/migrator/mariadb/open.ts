// The driver of MariaDB, and of MySQL, which speaks the same but is untested. The package is mysql2: it speaks to both, and
// unlike MariaDB's own it is under a licence that asks nothing.

import type { Clock } from '../../lib/clock.ts';
import type { DatabaseActivity } from '../activity.ts';
import type { SchemaDatabase } from '../database.ts';
import { MigrationError } from '../error.ts';
import type { SeeStatement } from '../statement-seen.ts';
import { readActivity } from './activity.ts';
import { type Address, readAddress } from './address.ts';
import { runBatch } from './backfill.ts';
import { readCatalog } from './catalog.ts';
import { toMigrationError } from './errors.ts';
import { changeRow, forgetRow, ledgerTables, readLedger, rememberCatalog, rememberedCatalog } from './ledger.ts';
import { takeLock } from './lock.ts';
import { runOnline } from './online/run.ts';
import { runFile } from './run.ts';
import { connect, type Session } from './session.ts';

export interface MariadbOptions {
  /** mariadb://user:password@host:3306/shop */
  readonly url: string;
  /** The ledger's; letters, digits and _. */
  readonly table: string;
  readonly clock: Clock;
  readonly onStatement?: SeeStatement | undefined;
}

const verifyMs = 600_000;

/** @throws MigrationError `unreachable`, `denied` */
export async function openMariadb({ url, table, clock, onStatement }: MariadbOptions): Promise<SchemaDatabase> {
  if (!/^\w{1,40}$/.test(table))
    throw new MigrationError('failed', `${table} cannot be the name of the ledger's table`);
  const address = readAddress(url);
  const tables = ledgerTables(table);
  const keeper = await keepConnected(address);
  /** Does one thing on the connection, and reports errors as MigrationErrors. */
  const on = <T>(work: (session: Session) => Promise<T>): Promise<T> =>
    notifying(async () => work(await keeper.session()));
  return {
    kind: 'mariadb',
    ledger: () => on((session) => readLedger(session, tables)),
    locked: (waitMs, signal, work) =>
      underLock(keeper, clock, { database: address.database, table, waitMs, signal }, work),
    mark: (id, change) => on((session) => changeRow({ session, tables }, id, change, clock.now())),
    forget: (id) => on((session) => forgetRow(session, tables, id)),
    run: (id, file, then, { limits, signal }) =>
      on((session) => runFile({ session, tables, clock, see: onStatement }, { id, file, then, limits, signal })),
    runOnline: (run) => on((session) => runOnline({ session, tables, clock, see: onStatement }, address, run)),
    backfill: (id, file, size, { limits, signal }) =>
      on((session) => runBatch({ session, tables, clock }, { id, file, size, limits, signal })),
    countRows: (name) => on((session) => estimate(session, name)),
    verify: (select) => on((session) => numberFrom(session, select)),
    catalog: () => on((session) => readCatalog(session, tables)),
    searchPath: async () => undefined,
    rememberCatalog: (catalog) => on((session) => rememberCatalog(session, tables, catalog)),
    rememberedCatalog: () => on((session) => rememberedCatalog(session, tables)),
    activity: () => notifying(() => lookAside(address)),
    close: () => keeper.close(),
  };
}

async function lookAside(address: Address): Promise<DatabaseActivity> {
  const session = await connect(address);
  try {
    return await readActivity(session);
  } finally {
    await session.close();
  }
}

interface Keeper {
  session(): Promise<Session>;
  /** While it is retained no other connection is made: this one holds the lock. */
  keep(isKept: boolean): void;
  close(): Promise<void>;
}

/** A connection that was lost between two runs is replaced; one that is lost under the lock is not. */
async function keepConnected(address: Address): Promise<Keeper> {
  let present = await notifying(() => connect(address));
  let kept = false;
  return {
    async session() {
      if (!kept && !present.isAlive()) present = await connect(address);
      return present;
    },
    keep(isKept) {
      kept = isKept;
    },
    close: () => present.close(),
  };
}

async function underLock<T>(
  keeper: Keeper,
  clock: Clock,
  desired: Parameters<typeof takeLock>[2],
  work: () => Promise<T>,
): Promise<T> {
  const giveBack = await notifying(async () => takeLock(await keeper.session(), clock, desired));
  keeper.keep(true);
  try {
    return await work();
  } finally {
    keeper.keep(false);
    await giveBack().catch(() => undefined); // with a lost connection it is free already
  }
}

async function notifying<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw toMigrationError(thrown);
  }
}

async function estimate({ ask }: Session, table: string): Promise<number> {
  const [row] = await ask(
    'SELECT TABLE_ROWS AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
    [table.replaceAll(/["`]/g, '')],
  );
  return Number(row?.n ?? 0);
}

async function numberFrom(session: Session, select: string): Promise<number> {
  const [row = {}] = await session.execute(select, { limitMs: verifyMs, signal: new AbortController().signal });
  return Number(Object.values(row)[0]);
}
