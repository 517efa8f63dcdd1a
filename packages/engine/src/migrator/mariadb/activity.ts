// The activity of MariaDB, read on a separate connection: the migrator's may be waiting for a lock.

import { type DatabaseActivity, type SeenSession, sessionsOf } from '../activity.ts';
import { withoutLiterals } from './holders.ts';
import type { Row, Session } from './session.ts';

export async function readActivity({ ask }: Session): Promise<DatabaseActivity> {
  const notSeen: string[] = [];
  /** What a role may not see is reported, and the rest is shown. */
  const seen = (sql: string, what: string): Promise<readonly Row[]> =>
    ask(sql).catch(() => {
      notSeen.push(what);
      return [];
    });
  const processes = await ask(processesSql);
  const transactions = await seen(transactionsSql, 'open transactions: grant PROCESS to this role');
  const rowWaits = await seen(rowWaitsSql, 'who waits for whose rows: grant PROCESS to this role');
  const metadata = await seen(metadataSql, "who holds a table’s metadata lock: INSTALL SONAME 'metadata_lock_info'");
  const [used] = await ask("SHOW GLOBAL STATUS LIKE 'Threads_connected'");
  const [most] = await ask('SELECT @@max_connections AS most');
  const replicas = await seen('SHOW ALL SLAVES STATUS', 'replication: grant SLAVE MONITOR to this role');
  const began = new Map(transactions.map(({ id, seconds }) => [String(id), Number(seconds)]));
  return {
    connections: { used: Number(used?.Value), most: Number(most?.most) },
    ...sessionsOf(processes.flatMap((row) => seenSession(row, { began, rowWaits, metadata }))),
    replicas: replicas.map(replicaOf),
    indexBuilds: processes.flatMap(buildOf),
    notSeen,
  };
}

interface Waits {
  /** Seconds of the open transaction, by connection. */
  readonly began: ReadonlyMap<string, number>;
  readonly rowWaits: readonly Row[];
  readonly metadata: readonly Row[];
}

const waitsForMetadata = /^Waiting for .*\b(metadata|table level) lock/i;

function seenSession(row: Row, { began, rowWaits, metadata }: Waits): readonly SeenSession[] {
  const id = String(row.id);
  const inTransaction = began.get(id);
  const isIdle = row.command === 'Sleep';
  if (isIdle && inTransaction === undefined) return [];
  const blockers = rowWaits.filter(({ waiting }) => String(waiting) === id).map(({ blocking }) => String(blocking));
  const onMetadata = waitsForMetadata.test(String(row.state ?? ''));
  const holders = onMetadata ? holdersOf(row, metadata) : [];
  return [
    {
      id,
      who: `${row.user}@${row.host}`,
      state: isIdle ? 'idle in transaction' : 'active',
      seconds: inTransaction ?? Number(row.seconds),
      waitsFor: onMetadata ? String(row.state) : blockers.length > 0 ? 'a row' : undefined,
      blockedBy: [...new Set([...blockers, ...holders])],
      query: row.query === null ? '' : withoutLiterals(String(row.query)),
    },
  ];
}

/** Of the tables that its statement names; the plugin does not say for which one it waits. */
function holdersOf({ id, query }: Row, metadata: readonly Row[]): readonly string[] {
  const text = String(query ?? '').toLowerCase();
  return metadata
    .filter((held) => String(held.id) !== String(id) && text.includes(String(held.name).toLowerCase()))
    .map((held) => String(held.id));
}

function replicaOf(row: Row): DatabaseActivity['replicas'][number] {
  const { Connection_name: name, Slave_SQL_Running: sql, Slave_IO_Running: io, Seconds_Behind_Master: behind } = row;
  return {
    name: `from ${name || 'the primary'}`,
    state: sql === 'Yes' && io === 'Yes' ? 'running' : `SQL thread ${sql}, I/O thread ${io}`,
    lagMs: behind === null || behind === undefined ? undefined : Number(behind) * 1_000,
  };
}

function buildOf({ query, stage, mostStages, progress }: Row): DatabaseActivity['indexBuilds'] {
  const [, table] =
    /^\s*(?:ALTER\s+TABLE|CREATE\s+(?:UNIQUE\s+)?INDEX\s+\S+\s+ON|OPTIMIZE\s+TABLE)\s+(\S+)/i.exec(
      String(query ?? ''),
    ) ?? [];
  if (table === undefined || Number(mostStages ?? 0) === 0) return [];
  return [{ table, phase: `stage ${stage} of ${mostStages}`, percent: Math.round(Number(progress)) }];
}

const most = 500;
const processesSql = `SELECT ID AS id, USER AS user, HOST AS host, COMMAND AS command, TIME AS seconds, STATE AS state, LEFT(INFO, 2000) AS query,
  STAGE AS stage, MAX_STAGE AS mostStages, PROGRESS AS progress
FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND (DB = DATABASE() OR DB IS NULL) AND COMMAND NOT IN ('Daemon', 'Binlog Dump')
ORDER BY TIME DESC LIMIT ${most}`;
const transactionsSql = `SELECT trx_mysql_thread_id AS id, TIMESTAMPDIFF(SECOND, trx_started, NOW()) AS seconds
FROM information_schema.INNODB_TRX LIMIT ${most}`;
const rowWaitsSql = `SELECT r.trx_mysql_thread_id AS waiting, b.trx_mysql_thread_id AS blocking
FROM information_schema.INNODB_LOCK_WAITS w
JOIN information_schema.INNODB_TRX r ON r.trx_id = w.requesting_trx_id
JOIN information_schema.INNODB_TRX b ON b.trx_id = w.blocking_trx_id LIMIT ${most}`;
const metadataSql = `SELECT THREAD_ID AS id, TABLE_NAME AS name FROM information_schema.METADATA_LOCK_INFO
WHERE TABLE_SCHEMA = DATABASE() LIMIT ${most}`;
