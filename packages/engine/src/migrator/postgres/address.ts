// The address of a database, parsed here so that no part of it comes from the engine's own environment (PGHOST,
// PGPASSWORD, ~/.pgpass): every controller opens the same database.

import { type ConnectionOptions, parse } from 'pg-connection-string';
import { MigrationError } from '../error.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly ssl: Exclude<ConnectionOptions['ssl'], string | undefined>;
  /** Options that the server gets at the start, such as `-c search_path=shop`. */
  readonly options: string | undefined;
  /** For people, without the password. */
  readonly shown: string;
}

const defaultPort = 5_432;
const form =
  'Write it as postgres://role:password@host:5432/database, with characters like @ and / in it percent-encoded.';

/** @throws MigrationError `unreachable`. The address itself is in no message: it holds a password */
export function parseAddress(url: string): Address {
  const { host, port, user, password, database, ssl, options } = parsed(url);
  if (!host || !user || !database)
    throw new MigrationError('unreachable', 'the address of the database lacks a host, a role or a database', {
      hint: form,
    });
  return {
    host,
    port: Number(port ?? '') || defaultPort,
    user,
    password: password ?? '',
    database,
    ssl: typeof ssl === 'string' || ssl === undefined ? ssl === 'true' : ssl,
    options,
    shown: `database ${database} on ${host}${port ? `:${port}` : ''}`,
  };
}

function parsed(url: string): ConnectionOptions {
  try {
    if (!/^postgres(ql)?:\/\//.test(url)) throw new Error('another scheme');
    return parse(url);
  } catch {
    throw new MigrationError('unreachable', 'the address of the database cannot be read', { hint: form });
  }
}
