// A sentence that names what blocks a migration: from the metadata locks where their plugin is installed, else from the
// transactions that are open.

import { errorNumber } from './errors.ts';
import type { Row, Session } from './session.ts';
import { tokenize } from './tokens.ts';

const mostNamed = 5;

/** @param tables names of which one is locked, in small letters. Never throws: it is asked when something failed already */
export async function whoHolds({ ask }: Session, tables: ReadonlySet<string>): Promise<string> {
  try {
    const exact = await locksOn(ask, tables).catch(() => []);
    if (exact.length > 0) return `the lock is held by ${sentence(exact)}`;
    const open = await ask(openTransactions);
    if (open.length > 0) return `open transactions, one of which holds it: ${sentence(open)}`;
    const others = await ask(otherConnections);
    return others.length > 0 ? `other connections to the database: ${sentence(others)}` : 'who holds it cannot be seen';
  } catch (thrown) {
    return errorNumber(thrown) === 1227
      ? 'who holds it cannot be seen without the right PROCESS'
      : 'who holds it cannot be seen';
  }
}

async function locksOn(ask: Session['ask'], tables: ReadonlySet<string>): Promise<readonly Row[]> {
  const rows = await ask(metadataLocks);
  const onThem = rows.filter(({ name }) => tables.has(String(name).toLowerCase()));
  return [...new Map(onThem.map((row) => [row.id, row])).values()];
}

const connection =
  'p.ID AS id, p.USER AS user, p.HOST AS host, p.COMMAND AS command, p.TIME AS seconds, p.INFO AS query';
const metadataLocks = `SELECT ${connection}, m.TABLE_NAME AS name
FROM information_schema.METADATA_LOCK_INFO m JOIN information_schema.PROCESSLIST p ON p.ID = m.THREAD_ID
WHERE m.TABLE_SCHEMA = DATABASE() AND p.ID <> CONNECTION_ID()`;
const openTransactions = `SELECT ${connection}
FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id
WHERE p.ID <> CONNECTION_ID() ORDER BY t.trx_started`;
const otherConnections = `SELECT ${connection} FROM information_schema.PROCESSLIST p
WHERE p.DB = DATABASE() AND p.ID <> CONNECTION_ID() ORDER BY p.TIME DESC`;

function sentence(rows: readonly Row[]): string {
  const named = rows.slice(0, mostNamed).map(({ id, user, host, command, seconds, query }) => {
    const does = query === null || query === undefined ? String(command).toLowerCase() : withoutLiterals(String(query));
    return `connection ${id} of ${user}@${host} (${does}, for ${seconds} s)`;
  });
  return [...named, ...(rows.length > mostNamed ? [`${rows.length - mostNamed} more`] : [])].join(', ');
}

const longest = 120;

/** What a service sends may hold anything: literals are left out. */
export function withoutLiterals(query: string): string {
  const found = tokenize(query);
  if (!found.ok) return 'a statement';
  const shown = found.tokens.map(({ kind, text }) => (kind === 'string' || kind === 'number' ? '?' : text)).join(' ');
  return shown.length > longest ? `${shown.slice(0, longest)}…` : shown;
}
