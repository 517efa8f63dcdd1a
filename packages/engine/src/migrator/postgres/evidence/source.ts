// Where the copy's schema comes from: PostgreSQL's own dump, or, where there is no such program, the release's
// migrations from the first one, if what they make is what production has.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCode, messageOf } from '../../../lib/errors.ts';
import { run } from '../../../lib/exec.ts';
import { MigrationError } from '../../error.ts';
import type { SchemaShape } from '../../evidence/shape.ts';
import type { SqlFile } from '../../files/migration.ts';
import { parseAddress } from '../address.ts';
import type { Session } from '../session.ts';
import { type SearchPath, usePath } from './path.ts';
import { as, quoted } from './session.ts';
import { readShape } from './shape.ts';

const dumpMs = 60_000;
const searchedFor = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface Source {
  /** Of production. */
  readonly url: string;
  readonly pgDump: string;
  readonly signal: AbortSignal;
}

/** Undefined where no `pg_dump` fits: there is none, or it is older than the server. */
export async function dumpSchema({ url, pgDump, signal }: Source): Promise<string | undefined> {
  const { places, secret } = dumpAddress(url);
  const folder = mkdtempSync(join(tmpdir(), 'bg-schema-'));
  const file = join(folder, 'schema.sql');
  try {
    await run({
      argv: [pgDump, ...dumpOptions, `--file=${file}`, ...places],
      env: { PATH: searchedFor, ...secret },
      timeoutMs: dumpMs,
      signal,
    });
    // Recent versions bracket the dump in commands of psql, which are no SQL.
    return readFileSync(file, 'utf8').replaceAll(/^\\(?:un)?restrict .*$/gm, '');
  } catch (thrown) {
    signal.throwIfAborted();
    if (hasCode(thrown, 'exec-not-found') || /server version mismatch/.test(messageOf(thrown))) return undefined;
    throw new MigrationError('failed', `pg_dump: ${messageOf(thrown)}`, { cause: thrown });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Owners and rights are included: they decide what an application may do. */
const dumpOptions = [
  '--schema-only',
  '--no-password',
  '--no-tablespaces',
  '--no-publications',
  '--no-subscriptions',
  '--no-security-labels',
  '--lock-wait-timeout=5000',
];

/** All users of this machine could read a password in an argument; for TLS, libpq understands the same words. */
function dumpAddress(url: string): { readonly places: readonly string[]; readonly secret: Record<string, string> } {
  const { host, port, user, password, database } = parseAddress(url);
  const tls = new URLSearchParams(url.split('?')[1] ?? '');
  const words = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'].flatMap((name) => {
    const value = tls.get(name);
    return value === null ? [] : [[`PG${name.toUpperCase()}`, value]];
  });
  return {
    places: [`--host=${host}`, `--port=${port}`, `--username=${user}`, `--dbname=${database}`],
    secret: { PGPASSWORD: password, ...Object.fromEntries(words) },
  };
}

/** Restores a dump as one transaction. */
export async function restore(session: Session, dump: string): Promise<void> {
  await session.execute(dump).catch((thrown: unknown) => {
    throw new MigrationError('failed', `the scratch server does not take production's schema: ${messageOf(thrown)}`, {
      hint: 'It needs the same extensions, and a version that is not older.',
      cause: thrown,
    });
  });
  // The dump empties the search path of its session.
  await session.restore();
}

export interface ReplayOptions {
  readonly ledgerTables: readonly string[];
  readonly role: string | undefined;
  readonly path: SearchPath;
}

/** Runs what production has run, in its order. @throws MigrationError `failed` when it makes another schema */
export async function replay(
  session: Session,
  files: readonly SqlFile[],
  production: SchemaShape,
  { ledgerTables, role, path }: ReplayOptions,
): Promise<void> {
  for (const schema of path.schemas) await session.execute(`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`);
  if (role !== undefined)
    for (const schema of path.schemas)
      await session.execute(`GRANT ALL ON SCHEMA ${quoted(schema)} TO ${quoted(role)}`);
  await usePath(session, path);
  // The role that makes a table owns it.
  await as(session, role, async () => {
    for (const { file, text } of files)
      await session.execute(text).catch((thrown: unknown) => {
        throw new MigrationError('failed', `${file} cannot be replayed: ${messageOf(thrown)}`, { cause: thrown });
      });
  });
  await usePath(session, path);
  const different = difference(production, await readShape(session, path.first), ledgerTables);
  if (different.length > 0)
    throw new MigrationError(
      'failed',
      `the release's migrations do not make production's schema: ${different.slice(0, 5).join(', ')}`,
      { hint: 'Install pg_dump, in a version that is not older than the server: then its schema itself is copied.' },
    );
}

/** Names that one has and the other has not, or has otherwise. */
function difference(one: SchemaShape, other: SchemaShape, ledgerTables: readonly string[]): readonly string[] {
  return (['relations', 'columns', 'rules', 'routines', 'enums'] as const).flatMap((kind) => {
    const names = new Set([...Object.keys(one[kind]), ...Object.keys(other[kind])]);
    return [...names].filter((name) => {
      const [here, there] = [one[kind][name], other[kind][name]];
      const isLedgers = ledgerTables.some(
        (table) => name === table || name.startsWith(`${table}.`) || name.endsWith(` on ${table}`),
      );
      return !isLedgers && withoutPlace(here) !== withoutPlace(there);
    });
  });
}

/** Dropped columns leave gaps, and a backfilled table other positions: neither matters to a statement that names them. */
const withoutPlace = (value: unknown): string =>
  JSON.stringify(value, (key, each) => (key === 'position' ? 0 : each)) ?? '';
