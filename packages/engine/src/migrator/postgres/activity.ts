// The activity of PostgreSQL, read on a separate connection: the migrator's may be waiting for a lock.

import { type DatabaseActivity, type SeenSession, sessionsOf } from '../activity.ts';
import { withoutLiterals } from './holders.ts';
import { applicationName, type Row, type Session } from './session.ts';

const lookMs = 10_000;
const mostRows = 500;

export async function readActivity({ ask, pid }: Session): Promise<DatabaseActivity> {
  const rows = await ask(sessionsSql, [pid, mostRows], lookMs);
  const [count] = await ask(connectionsSql, [], lookMs);
  const replicas = await ask(replicasSql, [], lookMs);
  const builds = await ask(buildsSql, [], lookMs);
  const isHidden = rows.some(({ query }) => query === '<insufficient privilege>');
  return {
    connections: { used: Number(count?.used), most: Number(count?.most) },
    ...sessionsOf(rows.map(seenSession)),
    replicas: replicas.map(({ name, state, lag }) => ({
      name: String(name),
      state: String(state),
      lagMs: lag === null || lag === undefined ? undefined : Math.max(0, Math.round(Number(lag))),
    })),
    indexBuilds: builds.map(({ table, phase, percent }) => ({
      table: String(table),
      phase: String(phase),
      percent: percent === null ? undefined : Number(percent),
    })),
    notSeen: isHidden ? ['what other roles run: grant pg_read_all_stats to this role'] : [],
  };
}

function seenSession(row: Row): SeenSession {
  const { pid, usename, application_name: application, state, seconds, waits, blockers, query } = row;
  const who = usename === null ? String(row.backend_type) : String(usename);
  return {
    id: String(pid),
    who: application === null || application === '' ? who : `${who} (${application})`,
    state: state === null ? 'not visible' : String(state),
    seconds: Math.max(0, Number(seconds ?? 0)),
    waitsFor: waits === null ? undefined : String(waits),
    blockedBy: ((blockers ?? []) as readonly number[]).map(String),
    query: query === '<insufficient privilege>' ? '' : withoutLiterals(String(query ?? '')),
  };
}

/** The migrator's own queries are left out. A session without a transaction that does nothing is only counted. */
const sessionsSql = `SELECT a.pid, a.usename, a.application_name, a.backend_type, a.state, a.query,
  round(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.query_start, a.backend_start)))::bigint AS seconds,
  CASE WHEN a.wait_event_type = 'Lock' THEN a.wait_event END AS waits,
  CASE WHEN a.wait_event_type = 'Lock' THEN pg_blocking_pids(a.pid) END AS blockers
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.pid <> $1 AND a.state IS DISTINCT FROM 'idle'
  AND NOT (a.application_name = '${applicationName}' AND a.state = 'active' AND a.query LIKE '%pg_blocking_pids%')
ORDER BY a.xact_start NULLS LAST LIMIT $2`;

const connectionsSql = `SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
  current_setting('max_connections')::int AS most`;

/** Of this server's replicas; on a replica, of the server itself. */
const replicasSql = `SELECT coalesce(nullif(application_name, ''), host(client_addr), 'replica') AS name, coalesce(state, 'not visible') AS state,
  extract(epoch FROM replay_lag) * 1000 AS lag FROM pg_stat_replication
UNION ALL SELECT 'this server', 'a replica', extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000
WHERE pg_is_in_recovery() LIMIT 50`;

const buildsSql = `SELECT relid::regclass::text AS table, phase,
  CASE WHEN blocks_total > 0 THEN round(100.0 * blocks_done / blocks_total)
    WHEN tuples_total > 0 THEN round(100.0 * tuples_done / tuples_total) END AS percent
FROM pg_stat_progress_create_index WHERE datname = current_database() LIMIT 50`;
