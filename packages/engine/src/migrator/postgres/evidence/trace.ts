// What a statement does to the tables that it finds: locks, whether their rows are written again, whether they are all
// read. The server counts a scan also where there is no row, so that an empty copy shows the cost for a full table.

import type { Trace } from '../../evidence/scratch.ts';
import type { Session } from '../session.ts';

interface TableState {
  readonly oid: number;
  readonly name: string;
  readonly file: string;
  readonly scans: number;
  /** Strongest first. */
  readonly locks: readonly string[];
}

/** Modes from the weakest; from `ShareLock` on, writers wait. */
const modes = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
];

const sql = `
  SELECT c.oid::int8::float8 AS oid, CASE n.nspname WHEN $1 THEN '' ELSE n.nspname || '.' END || c.relname AS name,
         coalesce(pg_relation_filenode(c.oid), 0)::text AS file, pg_stat_get_xact_numscans(c.oid)::int AS scans,
         array(SELECT l.mode FROM pg_locks l WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.relation = c.oid
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locks
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'`;

export async function tableStates(session: Session, defaultSchema: string): Promise<readonly TableState[]> {
  return (await session.ask(sql, [defaultSchema])) as unknown as readonly TableState[];
}

/** Pure: what changed for each existing table. */
export function tracesBetween(
  line: number,
  before: readonly TableState[],
  after: readonly TableState[],
): readonly Trace[] {
  const now = new Map(after.map((table) => [table.oid, table]));
  return before.flatMap((was): Trace[] => {
    const is = now.get(was.oid);
    if (is === undefined) return [];
    const [rewritten, scanned] = [was.file !== is.file, was.scans < is.scans];
    if (!rewritten && !scanned && strongest(was.locks) === strongest(is.locks)) return [];
    const lock = Math.max(strongest(is.locks), 0);
    const blocksWrites = lock >= modes.indexOf('ShareLock');
    return [{ line, table: was.name, lock: modes[lock] ?? '', blocksWrites, rewritten, scanned }];
  });
}

const strongest = (locks: readonly string[]): number => Math.max(-1, ...locks.map((mode) => modes.indexOf(mode)));
