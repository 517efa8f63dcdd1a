// One connection to the server. The migrators' lock lives in it, and so does every statement of a migration: when the
// process is killed, the server keeps the lock for as long as the last statement runs.

import type { RowDataPacket } from 'mysql2/promise';
import { deadline } from '../../lib/clock.ts';
import { within } from '../../lib/tasks.ts';
import { MigrationError } from '../error.ts';
import type { Address } from './address.ts';
import { isKilled } from './errors.ts';

export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

export interface Session {
  /** One short statement of the driver's own. */
  ask(sql: string, values?: readonly Value[]): Promise<readonly Row[]>;
  /**
   * A statement of a migration, killed on the server when the limit passes or the signal aborts.
   * @throws MigrationError `failed` past the limit, `stopped`; the server's own error
   */
  execute(sql: string, limits: StatementLimits): Promise<readonly Row[]>;
  /** A text as it is written in a statement. */
  literal(text: string): string;
  readonly isAlive: () => boolean;
  close(): Promise<void>;
}

export interface StatementLimits {
  /** Undefined for statements that make no session wait. */
  readonly limitMs: number | undefined;
  readonly signal: AbortSignal;
}

const connectMs = 10_000;
const ownStatementMs = 60_000;
const closeMs = 2_000;

/** @throws the server's or the socket's own error */
export async function connect(address: Address): Promise<Session> {
  const connection = await open(address);
  let alive = true;
  const gone = () => {
    alive = false;
  };
  connection.on('error', gone);
  connection.on('end', gone);
  const ask: Session['ask'] = async (sql, values = []) => {
    const [rows] = await connection.query<RowDataPacket[]>({ sql, timeout: ownStatementMs }, [...values]);
    return (Array.isArray(rows) ? rows : []) as Row[];
  };
  await prepare(ask);
  return {
    ask,
    literal: (text) => connection.escape(text),
    isAlive: () => alive,
    async execute(sql, { limitMs, signal }) {
      const limit = limitMs === undefined ? signal : deadline(limitMs, signal);
      if (signal.aborted) throw stopped();
      let killing: Promise<void> | undefined;
      const kill = () => {
        killing = killStatement(address, connection.threadId).catch(() => connection.destroy());
      };
      limit.addEventListener('abort', kill, { once: true });
      try {
        const [rows] = await connection.query<RowDataPacket[]>(sql);
        return (Array.isArray(rows) ? rows : []) as Row[];
      } catch (thrown) {
        if (killing === undefined && !isKilled(thrown)) throw thrown;
        if (signal.aborted) throw stopped(thrown);
        if (limit.aborted) throw new MigrationError('failed', `ran longer than ${limitMs} ms`, { cause: thrown });
        throw thrown;
      } finally {
        limit.removeEventListener('abort', kill);
        await killing; // one that comes late would hit the next statement
      }
    },
    async close() {
      alive = false;
      const ended = connection.end().catch(() => undefined);
      await within(closeMs, ended);
      connection.destroy();
    },
  };
}

const stopped = (cause?: unknown) => new MigrationError('stopped', 'the migration was stopped', { cause });

function optionsOf({ user, password, host, port, socket, database, ssl }: Address) {
  return {
    user,
    password,
    database,
    ...(socket === undefined ? { host, port } : { socketPath: socket }),
    ...(ssl ? { ssl: {} } : {}),
    connectTimeout: connectMs,
    charset: 'utf8mb4',
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    connectAttributes: { program_name: 'bluegreen-migrator' },
  };
}

/** What a session of the driver can rely on, however the server is configured. */
async function prepare(ask: Session['ask']): Promise<void> {
  const [row] = await ask('SELECT @@SESSION.sql_mode AS modes');
  const modes = String(row?.modes ?? '').split(',');
  const kept = modes.filter((mode) => !['', 'ANSI', 'ANSI_QUOTES', 'NO_BACKSLASH_ESCAPES', 'ORACLE'].includes(mode));
  const strict = kept.includes('STRICT_ALL_TABLES') ? kept : [...new Set([...kept, 'STRICT_TRANS_TABLES'])];
  await ask("SET SESSION sql_mode = ?, time_zone = '+00:00', wait_timeout = 28800, autocommit = 1", [strict.join(',')]);
  // No gaps between keys are locked: a batch delays only those who change the same rows.
  await ask('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
}

/** The client is loaded with the first connection: most commands need none. */
async function open(address: Address) {
  const { createConnection } = await import('mysql2/promise');
  return await createConnection(optionsOf(address));
}

async function killStatement(address: Address, threadId: number): Promise<void> {
  const killer = await open(address);
  try {
    await killer.query(`KILL QUERY ${threadId}`);
  } finally {
    killer.destroy();
  }
}
