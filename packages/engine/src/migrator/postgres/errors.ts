// The server's five-letter states, as codes of MigrationError. Its detail is left out: it may quote rows.

import { DatabaseError } from 'pg';
import { MigrationError, type MigrationErrorCode } from '../error.ts';

const lockTimeout = '55P03';
const deadlock = '40P01';
const canceled = '57014';

type Kind = readonly [states: RegExp, code: MigrationErrorCode, hint: string | undefined];

const kinds: readonly Kind[] = [
  [/^28/, 'denied', 'Correct the role or the password in the address of the database, or let the server admit them.'],
  [
    /^42501/,
    'denied',
    'Grant this right to the role in the address of the database, or migrate as the owner of the object.',
  ],
  [/^3D000/, 'unreachable', 'Create the database, or correct its name in the address.'],
  [/^25006/, 'unreachable', 'This server only reads: name the primary in the address of the database.'],
  [/^53300/, 'unreachable', 'The server has no connection left: end some, or raise max_connections.'],
  [/^(08|57P|25P03)/, 'unreachable', 'Nothing is half done: the next run goes on where this one ended.'],
  [/^53100/, 'failed', 'Free some disk; nothing of the step remains.'],
];

export const stateOf = (thrown: unknown): string => (thrown instanceof DatabaseError ? (thrown.code ?? '') : '');

/** Only because of a lock: the whole transaction may be tried again. */
export const isLocked = (thrown: unknown): boolean => [lockTimeout, deadlock].includes(stateOf(thrown));
/** After it the server closes the connection. Its severity is translated, its states are not. */
export const endsSession = (thrown: unknown): boolean => /^(57P0[1-5]|25P03|08)/.test(stateOf(thrown));
export const isCanceled = (thrown: unknown): boolean => stateOf(thrown) === canceled;
/** @param where `003_nick.expand.sql:12`, or `database app on 10.0.0.5` */
export function migrationErrorOf(thrown: unknown, where: string): unknown {
  if (thrown instanceof MigrationError || !(thrown instanceof Error)) return thrown;
  const code = codeOf(thrown);
  if (code === undefined) return thrown;
  const hint =
    kinds.find(([states]) => states.test(stateOf(thrown)))?.[2] ?? (code === 'unreachable' ? lostHint : undefined);
  return new MigrationError(code, `${where}: ${sentenceOf(thrown)}`, { cause: thrown, ...(hint && { hint }) });
}

const lostHint = 'Nothing is half done: the next run goes on where this one ended.';

function codeOf(thrown: unknown): MigrationErrorCode | undefined {
  if (thrown instanceof MigrationError) return thrown.code;
  if (thrown instanceof DatabaseError) return kinds.find(([states]) => states.test(stateOf(thrown)))?.[1] ?? 'failed';
  if (!(thrown instanceof Error)) return undefined;
  const isSocket =
    'code' in thrown && /^(E[A-Z]{3,}|ERR_(SSL|TLS|STREAM|SOCKET)\w*|[A-Z_]*CERT[A-Z_]*)$/.test(String(thrown.code));
  // pg's own words for a connection that ended, or never began, have no code.
  const isConnection =
    /^(Connection terminated|Client (has encountered|was closed)|timeout expired|SASL|The server does not support SSL|Client password must)/i.test(
      thrown.message,
    );
  if (/^SASL|^Client password must/i.test(thrown.message)) return 'denied';
  return isSocket || isConnection ? 'unreachable' : undefined;
}

function sentenceOf(thrown: Error): string {
  // Several addresses of one host fail together, and the error has no message.
  if (thrown instanceof AggregateError && thrown.message === '')
    return thrown.errors.map((each: unknown) => (each instanceof Error ? each.message : String(each))).join(', ');
  return thrown.message;
}

/** Line of the mistake: the server's own position in the statement where it reports one. */
export function lineOf(statement: { readonly text: string; readonly line: number }, thrown: unknown): number {
  const position = thrown instanceof DatabaseError ? Number(thrown.position ?? 0) : 0;
  if (position <= 1) return statement.line;
  const before = [...statement.text].slice(0, position - 1);
  return statement.line + before.filter((character) => character === '\n').length;
}
