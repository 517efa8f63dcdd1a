// Where the copy's schema comes from: PostgreSQL's own dump, or, where there is no such program, the release's
// migrations from the first one, if what they make is what production has.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientBase } from 'pg';
import { hasCode, messageOf } from '../../../lib/errors.ts';
import { run } from '../../../lib/exec.ts';
import { MigrationError } from '../../error.ts';
import type { SchemaShape } from '../../evidence/shape.ts';
import type { SqlFile } from '../../files/migration.ts';
import { quoted } from './session.ts';
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
  const folder = mkdtempSync(join(tmpdir(), 'bg-schema-'));
  const file = join(folder, 'schema.sql');
  try {
    await run({
      argv: [pgDump, ...dumpOptions, `--file=${file}`, `--dbname=${withoutPassword(url)}`],
      env: { PATH: searchedFor, PGPASSWORD: decodeURIComponent(new URL(url).password) },
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

/** Owners and rights are kept: they are what an application may do. */
const dumpOptions = [
  '--schema-only',
  '--no-password',
  '--no-tablespaces',
  '--no-publications',
  '--no-subscriptions',
  '--no-security-labels',
  '--lock-wait-timeout=5000',
];

/** A password in an argument could be read by everybody on this machine. */
function withoutPassword(url: string): string {
  const address = new URL(url);
  address.password = '';
  return address.href;
}

/** Restores a dump as one transaction. */
export async function restore(client: ClientBase, dump: string): Promise<void> {
  await client.query(dump).catch((thrown: unknown) => {
    throw new MigrationError('failed', `the scratch server does not take production's schema: ${messageOf(thrown)}`, {
      hint: 'It needs the same extensions, and a version that is not older.',
      cause: thrown,
    });
  });
  // The dump empties the search path of its session.
  await client.query('RESET ALL');
}

/** Runs what production has run, in its order. @throws MigrationError `failed` when it makes another schema */
export async function replay(
  client: ClientBase,
  files: readonly SqlFile[],
  production: SchemaShape,
  ledgerTables: readonly string[],
  role: string | undefined,
): Promise<void> {
  // Who makes a table owns it.
  if (role !== undefined) await client.query(`SET ROLE ${quoted(role)}`);
  for (const { file, text } of files)
    await client.query(text).catch((thrown: unknown) => {
      throw new MigrationError('failed', `${file} cannot be replayed: ${messageOf(thrown)}`, { cause: thrown });
    });
  const different = difference(production, await readShape(client), ledgerTables);
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
