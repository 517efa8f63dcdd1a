// A sentence that names what blocks a migration: which session, of which role, what it does, for how long.

import { grammar } from './grammar.ts';
import type { Row, Session } from './session.ts';

const mostNamed = 5;
const longest = 120;
const lookMs = 10_000;

const seen = `a.pid, a.usename, a.application_name, a.state, a.backend_type, a.query,
  round(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.state_change, a.backend_start))) AS seconds`;

/** Undefined while no session blocks the server's process `pid`. */
export async function whoBlocks(session: Session, pid: number): Promise<string | undefined> {
  // A transaction that was prepared for two-phase commit has no process, and says 0.
  const rows = await session.ask(
    `SELECT b.pid AS blocking, ${seen} FROM unnest(pg_blocking_pids($1)) AS b (pid) LEFT JOIN pg_stat_activity a ON a.pid = b.pid`,
    [pid],
    lookMs,
  );
  return rows.length === 0 ? undefined : sentence(rows);
}

/** The holder of the migrators' lock. */
export async function whoHoldsLock(session: Session, key: string): Promise<string | undefined> {
  const rows = await session.ask(
    `SELECT a.pid AS blocking, ${seen} FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (l.classid::bigint << 32) | l.objid::bigint = $1::bigint`,
    [key],
    lookMs,
  );
  return rows.length === 0 ? undefined : sentence(rows);
}

function sentence(rows: readonly Row[]): string {
  const named = [...new Set(rows.map(nameOf))];
  const more = named.length - mostNamed;
  return [...named.slice(0, mostNamed), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function nameOf({ blocking, pid, usename, application_name, state, backend_type, query, seconds }: Row): string {
  if (Number(blocking) === 0) return 'a prepared transaction (see pg_prepared_xacts)';
  if (pid === null) return `session ${blocking}, which has ended meanwhile`;
  if (usename === null && backend_type !== null) return `session ${pid} (${backend_type}, for ${seconds} s)`;
  // What a role may not see of another one is empty.
  if (state === null || state === undefined) return `session ${pid} of ${usename}, whose state this role may not see`;
  const application = application_name ? `${application_name}, ` : '';
  const verb = state === 'active' ? 'running' : 'last statement';
  return `session ${pid} of ${usename} (${application}${state} for ${seconds} s, ${verb}: ${withoutLiterals(String(query ?? ''))})`;
}

/** What a service sends may hold anything: literals and comments are left out. */
export function withoutLiterals(query: string): string {
  const shown = tokensOf(query).join(' ');
  return shown.length > longest ? `${shown.slice(0, longest)}…` : shown;
}

function tokensOf(query: string): readonly string[] {
  if (query.trim() === '') return [];
  try {
    return grammar()
      .scanSync(query)
      .tokens.flatMap(({ text, tokenName }) => {
        if (tokenName.endsWith('COMMENT')) return [];
        return [/^U?[SIFBX]CONST$/.test(tokenName) ? '?' : text];
      });
  } catch {
    // The server cuts long statements, maybe within a literal.
    return [
      `${query
        .slice(0, longest)
        .split(/['"$]|--|\/\*/)[0]
        ?.trim()} …`,
    ];
  }
}
