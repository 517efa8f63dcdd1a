// The driver's sessions, on other databases of the same server, and as other roles.

import { MigrationError } from '../../error.ts';
import { parseAddress } from '../address.ts';
import { migrationErrorOf } from '../errors.ts';
import { connect, type Session } from '../session.ts';

export interface SessionOptions {
  readonly url: string;
  /** Instead of the address's own. */
  readonly database?: string;
  /** What it is, for the sentence: `the scratch server`. */
  readonly what: string;
}

export async function openSession({ url, database, what }: SessionOptions): Promise<Session> {
  const address = parseAddress(url);
  return connect(database === undefined ? address : { ...address, database }).catch((thrown: unknown) => {
    throw migrationErrorOf(thrown, what);
  });
}

/** The same server and user, another database. */
export function withDatabase(url: string, database: string): string {
  if (!URL.canParse(url))
    throw new MigrationError('unreachable', 'the address of the scratch server cannot be read', {
      hint: 'Write it as postgres://role:password@host:5432/postgres.',
    });
  const address = new URL(url);
  address.pathname = `/${encodeURIComponent(database)}`;
  return address.href;
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Of another role's rights. Other settings of the session remain. */
export async function as<T>(session: Session, role: string | undefined, work: () => Promise<T>): Promise<T> {
  if (role === undefined) return work();
  await session.execute(`SET ROLE ${quoted(role)}`);
  try {
    return await work();
  } finally {
    if (session.isAlive()) await session.execute('RESET ROLE');
  }
}
