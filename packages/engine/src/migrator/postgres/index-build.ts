// Indexes that are built while the service runs. One that was cut off remains as invalid: it costs every write, serves
// no read, and `IF NOT EXISTS` regards it as done. So it is looked for first, dropped, and checked afterwards.

import type { DropStmt, IndexStmt } from 'libpg-query';
import { pause } from '../../lib/clock.ts';
import { MigrationError } from '../error.ts';
import { isLocked, stateOf } from './errors.ts';
import { hasSameDefinition } from './index-probe.ts';
import { quoted, relationSql, strings } from './rules/tree.ts';
import type { Alone } from './run.ts';
import type { Row } from './session.ts';

const builds = 3;
const pollMs = 500;
const cleanUpMs = 2_000;
const duplicates = '23505';

export async function buildIndex(alone: Alone, statement: IndexStmt): Promise<void> {
  const { idxname: name, relation } = statement;
  if (!name || !relation)
    throw new MigrationError(
      'failed',
      'an index that is built concurrently needs a name, by which a run that was cut off finds it',
    );
  const table = relationSql(relation);
  for (let build = 1; build <= builds; build += 1) {
    const before = await findIndex(alone, name, table);
    if (before?.valid === true) return await refuseOther(alone, statement, before);
    if (before) await alone.execute(`DROP INDEX CONCURRENTLY IF EXISTS ${before.full}`);
    try {
      await alone.execute(alone.statement.text);
    } catch (thrown) {
      await cleanUp(alone, name, table);
      if (stateOf(thrown) === duplicates) throw duplicatesError(thrown, table);
      if (!isLocked(thrown)) throw thrown;
    }
    if ((await findIndex(alone, name, table))?.valid === true) return;
  }
  throw new MigrationError('failed', `the index ${name} is still invalid after ${builds} builds`, {
    hint: 'Look into the server’s log for what ends its build, then repair and run again.',
  });
}

/** One that is gone already was dropped by the run before this one, which was cut off right after it. */
export async function dropIndex({ hands, statement, execute }: Alone, { objects = [] }: DropStmt): Promise<void> {
  const names = objects.flatMap((each) => ('List' in each ? [strings(each.List.items).map(quoted).join('.')] : []));
  const [row] = await hands.session.ask('SELECT to_regclass($1) IS NOT NULL AS there', [names[0]]);
  if (row?.there === true) await execute(statement.text);
}

/** Repeatable. What a rebuild that was cut off leaves are copies named `…_ccnew` and `…_ccold`. */
export async function rebuildIndexes(alone: Alone): Promise<void> {
  const { session } = alone.hands;
  const rows = await session.ask(
    `SELECT i.indexrelid::regclass::text AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' AND c.relnamespace = ANY (current_schemas(false)::regnamespace[])
       AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.relid = i.indrelid)`,
  );
  for (const { name } of rows) await alone.execute(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
  await alone.execute(alone.statement.text);
}

export interface FoundIndex {
  readonly valid: boolean;
  /** Quoted, with its schema. */
  readonly full: string;
  readonly definition: string;
}

/** Waits while another session is building it: dropping it then would drop what that one has built. */
async function findIndex(alone: Alone, name: string, table: string): Promise<FoundIndex | undefined> {
  const { session, clock } = alone.hands;
  const { limits, signal } = alone.run;
  const until = clock.now() + limits.lockTotalMs;
  for (;;) {
    const [row] = await session.ask(findSql, [name, table]);
    if (row === undefined) return undefined;
    if (row.builder === null) return foundOf(row, table);
    if (signal.aborted) throw new MigrationError('stopped', 'the migration was stopped');
    if (clock.now() >= until)
      throw new MigrationError('blocked', `session ${row.builder} is building the index ${name}`, {
        hint: 'Wait for it to end, or end it; the next run looks again.',
      });
    await pause(clock, pollMs, signal);
  }
}

const findSql = `SELECT i.indisvalid AND i.indisready AS valid, i.indrelid = to_regclass($2) AS ours, i.indexrelid::regclass::text AS full,
    pg_get_indexdef(i.indexrelid) AS definition,
    (SELECT min(p.pid) FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid AND p.pid <> pg_backend_pid()) AS builder
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE c.relname = $1 AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass($2))`;

function foundOf({ valid, ours, full, definition }: Row, table: string): FoundIndex {
  if (ours !== true) throw new MigrationError('failed', `${full} is an index of another table than ${table}`);
  return { valid: valid === true, full: String(full), definition: String(definition) };
}

async function refuseOther(alone: Alone, statement: IndexStmt, found: FoundIndex): Promise<void> {
  if (await hasSameDefinition(alone.hands.session, statement, found)) return;
  throw new MigrationError('failed', `another index of this name is there: ${found.definition}`, {
    hint: 'Give the new one another name, and drop the old one in a contract step.',
  });
}

/** A unique index that is half built refuses rows already. The next run finds what is still in the way. */
async function cleanUp(alone: Alone, name: string, table: string): Promise<void> {
  const { session } = alone.hands;
  if (!session.isAlive()) return;
  const [row] = await session.ask(findSql, [name, table]).catch(() => []);
  if (row?.valid !== false || row.ours !== true || row.builder !== null) return;
  const bounds = { patienceMs: cleanUpMs, signal: new AbortController().signal };
  await alone.execute(`DROP INDEX CONCURRENTLY IF EXISTS ${row.full}`, bounds).catch(() => undefined);
}

function duplicatesError(cause: unknown, table: string): MigrationError {
  return new MigrationError('failed', `${table} holds rows that are equal in the columns of the unique index`, {
    hint: 'Find and mend them first, then repair and run again.',
    cause,
  });
}
