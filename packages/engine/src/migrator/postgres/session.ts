// One connection to the server, with settings that do not depend on the configuration of role and database. Every query
// has a limit on this side too: a network that loses the answer must not make a migrator wait for ever.

import { Socket } from 'node:net';
import { Client, type ClientConfig } from 'pg';
import { deadline } from '../../lib/clock.ts';
import type { Address } from './address.ts';
import { endsSession } from './errors.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface Session {
  /** Of the server's process. */
  readonly pid: number;
  /** One short statement of the driver's own. */
  ask(sql: string, values?: readonly unknown[], limitMs?: number): Promise<readonly Row[]>;
  /** A statement of a migration; the server limits it, and the caller. */
  execute(sql: string, values?: readonly unknown[]): Promise<void>;
  /** The same. @returns the rows that it changed; undefined for what counts none */
  change(sql: string): Promise<number | undefined>;
  /** Resets what a migration may have set for the session. The locks remain. */
  restore(): Promise<void>;
  readonly isAlive: () => boolean;
  /** At once, even during a statement. */
  destroy(): void;
  close(): Promise<void>;
}

export const applicationName = 'bluegreen-migrator';
const connectMs = 10_000;
const ownStatementMs = 60_000;
const closeMs = 2_000;

/** @throws the server's or the socket's own error */
export async function connect(address: Address): Promise<Session> {
  const socket = new Socket();
  const client = new Client({ ...optionsOf(address), stream: () => socket });
  let alive = true;
  const gone = () => {
    alive = false;
  };
  client.on('error', gone);
  client.on('end', gone);
  const destroy = () => {
    gone();
    socket.destroy();
  };
  const ask: Session['ask'] = (sql, values = [], limitMs = ownStatementMs) =>
    within(limitMs, destroy, async () => rowsOf(await asked(client.query(sql, [...values]))));
  /** The server ends the session before the socket closes: a query in between would wait for ever. */
  const asked = <T>(query: Promise<T>): Promise<T> =>
    query.catch((thrown: unknown) => {
      if (endsSession(thrown)) destroy();
      throw thrown;
    });
  try {
    await client.connect();
    await prepare(client);
    const [row] = await ask('SELECT pg_backend_pid() AS pid');
    return {
      pid: Number(row?.pid),
      ask,
      execute: async (sql, values) => {
        await asked(values === undefined ? client.query(sql) : client.query(sql, [...values]));
      },
      change: async (sql) => {
        const { command, rowCount } = await asked(client.query(sql));
        return counted.includes(command) ? (rowCount ?? undefined) : undefined;
      },
      restore: () =>
        within(ownStatementMs, destroy, async () => {
          await client.query('RESET ROLE');
          await client.query('RESET ALL');
          await client.query('DISCARD TEMP');
          await prepare(client);
        }),
      isAlive: () => alive,
      destroy,
      close: async () => {
        gone();
        await within(closeMs, destroy, () => client.end()).catch(() => undefined);
        socket.destroy();
      },
    };
  } catch (thrown) {
    destroy();
    throw thrown;
  }
}

/** Commands whose tag has a number of changed rows. */
const counted: readonly string[] = ['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'COPY'];

const rowsOf = ({ rows }: { readonly rows?: readonly Row[] }): readonly Row[] => rows ?? [];

/** Past its limit the connection is ended, which ends the work with an error. */
async function within<T>(limitMs: number, destroy: () => void, work: () => Promise<T>): Promise<T> {
  const limit = deadline(limitMs);
  limit.addEventListener('abort', destroy, { once: true });
  try {
    return await work();
  } finally {
    limit.removeEventListener('abort', destroy);
  }
}

function optionsOf({ host, port, user, password, database, ssl, options }: Address): ClientConfig {
  return {
    host,
    port,
    user,
    // With a function, pg does not search for another one in the environment or a file.
    password: () => password,
    database,
    ssl: ssl as ClientConfig['ssl'],
    ...(options === undefined ? {} : { options }),
    application_name: applicationName,
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
  };
}

/**
 * UTC decides whether a cast of a time rewrites the table, and ISO whether a backfill's cursor can be read again. A
 * session that idles within a transaction for half a minute loses it: others wait for its locks.
 */
const settings = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  client_min_messages: 'error',
  standard_conforming_strings: 'on',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  lock_timeout: '5000',
  statement_timeout: '55000',
  idle_in_transaction_session_timeout: '30000',
  idle_session_timeout: '0',
  transaction_timeout: '0',
  // The server notices within a second that we were killed, and gives our locks back.
  client_connection_check_interval: '1000',
};

async function prepare(client: Client): Promise<void> {
  await client.query(
    `SELECT set_config(name, wanted, false) FROM unnest($1::text[], $2::text[]) AS setting (name, wanted)
     WHERE current_setting(name, true) IS NOT NULL`,
    [Object.keys(settings), Object.values(settings)],
  );
}
