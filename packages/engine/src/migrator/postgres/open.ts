// An application's PostgreSQL, as the phases need it. DDL is transactional there: a file and its ledger row are one.

import type { Clock } from '../../lib/clock.ts';
import type { DatabaseActivity } from '../activity.ts';
import type { SchemaDatabase } from '../database.ts';
import type { SeeStatement } from '../statement-seen.ts';
import { readActivity } from './activity.ts';
import { type Address, parseAddress } from './address.ts';
import { runAlone } from './alone.ts';
import { runBatch } from './batch.ts';
import { readSchema } from './catalog.ts';
import { createConnections } from './connections.ts';
import { migrationErrorOf } from './errors.ts';
import { loadGrammar } from './grammar.ts';
import { createTables, ledgerTables, locate, readCatalog, readLedger, writeCatalog, writeLedger } from './ledger.ts';
import { createLock, type MigratorLock } from './lock.ts';
import { type Hands, runFile } from './run.ts';
import { connect, type Session } from './session.ts';

export interface PostgresOptions {
  /** `postgres://role:password@host:5432/database`; the role's search_path decides where unqualified names lie. */
  readonly url: string;
  /** Of the ledger, with a schema (`shop.schema_migrations`) or without. */
  readonly table: string;
  readonly clock: Clock;
  readonly onStatement?: SeeStatement | undefined;
}

/** What a verify statement may take: it reads the whole table. */
const verifyMs = 30 * 60_000;

/** @throws MigrationError `unreachable`, `denied`, `not-allowed` before a pooler that takes the lock away */
export async function openPostgres({ url, table, clock, onStatement }: PostgresOptions): Promise<SchemaDatabase> {
  const address = parseAddress(url);
  await loadGrammar();
  const tables = ledgerTables(table);
  const connections = createConnections(address, () => lock.holder());
  const { use, watcher } = connections;
  const lock: MigratorLock = createLock(use, table, clock);
  const hands = async (session: Session): Promise<Hands> => {
    return { session, watcher, clock, tables: await locate(session, tables), see: onStatement };
  };
  const write = (work: (session: Session) => Promise<void>) =>
    use(async (session) => {
      await createTables(session, tables);
      await work(session);
    });

  await use(async () => undefined);
  return {
    kind: 'postgres',
    ledger: () => use((session) => readLedger(session, tables)),
    locked: lock.locked,
    mark: (id, change) => write((session) => writeLedger({ session, tables }, id, change, clock.now())),
    forget: (id) => write((session) => writeLedger({ session, tables }, id, 'forgotten', clock.now())),
    run: (id, file, outcome, { limits, signal }) =>
      use(async (session) => {
        const run = { id, file, outcome, limits, signal };
        await (file.transaction ? runFile : runAlone)(await hands(session), run);
        await session.restore();
      }),
    backfill: (id, file, size, { limits, signal }) =>
      use(async (session) => runBatch(await hands(session), { id, file, size, limits, signal })),
    countRows: (name) => use((session) => estimateRows(session, name)),
    verify: (select) => use((session) => selectNumber(session, select)),
    catalog: () => use((session) => readSchema(session, tables)),
    searchPath: () => use(searchPath),
    rememberCatalog: (catalog) => write((session) => writeCatalog(session, tables, catalog)),
    rememberedCatalog: () => use((session) => readCatalog(session, tables)),
    activity: () => lookAside(address),
    close: connections.close,
  };
}

async function lookAside(address: Address): Promise<DatabaseActivity> {
  const session = await connect(address).catch((thrown: unknown) => {
    throw migrationErrorOf(thrown, address.shown);
  });
  try {
    return await readActivity(session);
  } catch (thrown) {
    throw migrationErrorOf(thrown, address.shown);
  } finally {
    await session.close();
  }
}

async function searchPath(session: Session): Promise<readonly string[]> {
  const rows = await session.ask('SELECT unnest(current_schemas(false))::text AS name');
  return rows.map(({ name }) => String(name));
}

/** The planner's: it knows the present size of the table and its partitions, analyzed or not. */
async function estimateRows(session: Session, table: string): Promise<number> {
  const [row] = await session.ask(`EXPLAIN (FORMAT JSON) SELECT FROM ${table}`);
  const plans = row?.['QUERY PLAN'] as readonly { readonly Plan: { readonly 'Plan Rows': number } }[] | undefined;
  return plans?.[0]?.Plan['Plan Rows'] ?? 0;
}

/** Read-only: the statement cannot change anything. */
async function selectNumber(session: Session, select: string): Promise<number> {
  await session.ask(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${verifyMs}`);
  try {
    const [row] = await session.ask(select, [], 2 * verifyMs);
    return Number(Object.values(row ?? {})[0] ?? 0);
  } finally {
    if (session.isAlive()) await session.ask('ROLLBACK').catch(() => session.destroy());
  }
}
