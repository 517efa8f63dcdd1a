// A release's needs from its own folder: its manifest, its recorded statements, the names of its migrations' files.

import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { DeclaredNeeds } from '../../config/release-manifest/release-manifest.ts';
import type { AccountName } from '../../lib/accounts.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { decodeText } from '../../lib/text-file.ts';
import type { Dialect } from '../dialect.ts';
import { filesOf, type Migration } from '../files/migration.ts';
import type { ReleaseNeeds } from './needs.ts';

export interface ReleaseFolder {
  readonly release: string;
  readonly runsNow: boolean;
  readonly folder: string;
  readonly manifest: DeclaredNeeds | undefined;
  readonly migrations: readonly Migration[];
  /** Of the service, for its smoke command; without the address of its database. */
  readonly env: Readonly<Record<string, string>>;
  /** The account that runs the smoke command. */
  readonly account?: AccountName | undefined;
}

const mostBytes = 1 << 20;
/** Preparing takes about a millisecond each. */
const mostStatements = 5_000;

/** @throws BlueGreenError `release-invalid` naming the file and the line */
export function readNeeds(from: ReleaseFolder, split: Dialect['split']): ReleaseNeeds {
  const { release, runsNow, folder, manifest, migrations, env, account } = from;
  const { reads, writes, statements, smoke } = manifest ?? {};
  return {
    release,
    runsNow,
    declared: reads === undefined && writes === undefined ? undefined : { reads: reads ?? [], writes: writes ?? [] },
    statements: statements === undefined ? [] : readStatements(folder, statements, split),
    files: migrations.flatMap((migration) => filesOf(migration).map(({ file }) => file)),
    smoke: smoke && { argv: smoke.argv, cwd: folder, env, timeoutMs: smoke.limitMs, account },
  };
}

function readStatements(folder: string, name: string, split: Dialect['split']): readonly string[] {
  const file = join(folder, name);
  const invalid = (what: string, cause?: unknown) => new BlueGreenError('release-invalid', `${file}${what}`, {}, cause);
  let text: string;
  try {
    // A link could lead out of the release, to files that are not in its digest.
    if (!realpathSync(file).startsWith(realpathSync(folder) + sep)) throw new Error('it is not in the release');
    if (lstatSync(realpathSync(file)).size > mostBytes) throw new Error('it is larger than 1 MiB');
    const decoded = decodeText(readFileSync(file));
    if (decoded.text === undefined) throw new Error(`it ${decoded.fault}`);
    text = decoded.text;
  } catch (thrown) {
    throw invalid(` cannot be read: ${messageOf(thrown)}`, thrown);
  }
  const found = split(text);
  if (!found.ok) throw invalid(`:${found.problem.line}: ${found.problem.problem}`);
  if (found.statements.length > mostStatements) throw invalid(` has more than ${mostStatements} statements`);
  return found.statements.map((statement) => statement.text);
}
