// The server's error numbers as codes of MigrationError. The numbers are the same in MariaDB and MySQL unless noted.

import { MigrationError, type MigrationErrorCode } from '../error.ts';

interface ServerError extends Error {
  readonly errno?: number;
  readonly code?: string;
  readonly fatal?: boolean;
}

const locked = [1205, 1213];
const denied = [1044, 1045, 1142, 1143, 1227, 1370, 1419, 1698];
/** Shutting down, too many connections, connection killed (MariaDB), idle for too long (MySQL), no such database. */
const unreachable = [1040, 1049, 1053, 1129, 1203, 1226, 1927, 4031];
const killed = [1317, 1969, 3024];
const diskFull = [1021, 1114, 1030];

export const errorNumber = (thrown: unknown): number => (thrown as ServerError | undefined)?.errno ?? 0;

export const isLockError = (thrown: unknown): boolean => locked.includes(errorNumber(thrown));

/** The server stopped the statement, after a KILL or at its time limit. */
export const isKilled = (thrown: unknown): boolean => killed.includes(errorNumber(thrown));

/** The connection is gone: whether the statement has happened is not known. */
export const isLost = (thrown: unknown): boolean => codeOf(thrown) === 'unreachable';

export function toMigrationError(thrown: unknown, place?: string): unknown {
  if (thrown instanceof MigrationError || !(thrown instanceof Error)) return thrown;
  const code = codeOf(thrown);
  if (code === undefined) return thrown;
  const hint = hintOf(thrown, code);
  const message = `${place === undefined ? '' : `${place}: `}${thrown.message}`;
  return new MigrationError(code, message, { cause: thrown, ...(hint === undefined ? {} : { hint }) });
}

function codeOf(thrown: unknown): MigrationErrorCode | undefined {
  const { errno, code = '', fatal, message = '' } = thrown as ServerError;
  if (denied.includes(errno ?? 0)) return 'denied';
  if (unreachable.includes(errno ?? 0) || fatal || /^(?:E[A-Z]+|PROTOCOL_|HANDSHAKE_)/.test(withoutServerCode(code)))
    return 'unreachable';
  if (/closed state/.test(message)) return 'unreachable';
  if (locked.includes(errno ?? 0)) return 'blocked';
  return errno === undefined ? undefined : 'failed';
}

/** ECONNREFUSED is the system's; ER_… is the server's. */
const withoutServerCode = (code: string): string => (code.startsWith('ER_') ? '' : code);

function hintOf(thrown: unknown, code: MigrationErrorCode): string | undefined {
  if (code === 'denied')
    return 'Grant the named right to the role in the address of the database, or correct its password.';
  if (code === 'unreachable') return 'The next run goes on where this one ended.';
  if (diskFull.includes(errorNumber(thrown)) || /errno: 28\b|Temp file write failure/.test((thrown as Error).message))
    return 'The disk of the database may be full: make room, then repair and run again.';
  return undefined;
}
