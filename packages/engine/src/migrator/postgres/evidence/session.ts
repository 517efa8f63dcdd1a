// Short sessions for looking and trying. What goes wrong becomes a sentence without the address, which holds a password.

import pg from 'pg';
import { MigrationError } from '../../error.ts';

export interface SessionOptions {
  readonly url: string;
  /** Instead of the address's own. */
  readonly database?: string;
  /** What it is, for the sentence: `the scratch server`. */
  readonly what: string;
}

const connectMs = 10_000;
const statementMs = 30_000;

export async function openSession({ url, database, what }: SessionOptions): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: database === undefined ? url : withDatabase(url, database),
    application_name: 'bluegreen scratch',
    connectionTimeoutMillis: connectMs,
    query_timeout: 2 * statementMs,
    statement_timeout: statementMs,
    lock_timeout: connectMs,
  });
  // A connection that breaks while nobody asks anything: the next question tells.
  client.on('error', () => {});
  await client.connect().catch((thrown: unknown) => {
    throw sessionError(thrown, what);
  });
  await client.query("SET timezone = 'UTC'");
  return client;
}

/** The same server and user, another database. */
export function withDatabase(url: string, database: string): string {
  const address = new URL(url);
  address.pathname = `/${encodeURIComponent(database)}`;
  return address.href;
}

export function sessionError(thrown: unknown, what: string): unknown {
  if (thrown instanceof MigrationError || !(thrown instanceof Error)) return thrown;
  const code = sqlState(thrown);
  if (code?.startsWith('28') || code === '42501')
    return new MigrationError('denied', `${what}: ${thrown.message}`, { cause: thrown });
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !/^(08|57)/.test(code))
    return new MigrationError('failed', `${what}: ${thrown.message}`, { cause: thrown });
  return new MigrationError('unreachable', `${what} cannot be reached: ${code ?? thrown.message}`, { cause: thrown });
}

export const sqlState = (thrown: unknown): string | undefined =>
  thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
