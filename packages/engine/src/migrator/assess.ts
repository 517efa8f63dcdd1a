// One question about releases and a schema, put together for the checks by evidence: the files that would run, what the
// rules say of them, and what each release needs.

import type { DeclaredNeeds } from '../config/release-manifest/release-manifest.ts';
import type { AccountName } from '../lib/accounts.ts';
import type { Dialect } from './dialect.ts';
import type { ReadUse } from './evidence/needs.ts';
import { readNeeds } from './evidence/read-needs.ts';
import type { CompatReport } from './evidence/report.ts';
import type { ScratchServer } from './evidence/scratch.ts';
import { validateCompatibility } from './evidence/validate.ts';
import type { Migration, SqlFile } from './files/migration.ts';
import { lintAside } from './lint-aside.ts';
import type { AssessedRelease, Assessment } from './migrator.ts';
import { planExpand } from './phases/plan.ts';
import { hasRun, type Ledger, rowOf } from './phases/progress.ts';

export interface EvidenceParts {
  readonly dialect: Dialect;
  readonly readUse: ReadUse;
  /** Undefined where none is configured. @param replayed what the ledger says was run, used without a dump */
  readonly scratch: (address: string, replayed: readonly SqlFile[]) => ScratchServer | undefined;
  /** @throws BlueGreenError `release-invalid` */
  readonly manifestOf: (releaseFolder: string) => DeclaredNeeds | undefined;
  /** Of smoke commands. Nothing of the service's own: an address of production in it would be used. */
  readonly smokeEnv: Readonly<Record<string, string>>;
  /** The account that runs smoke commands: they are code of a release. Undefined: the account of the engine. */
  readonly smokeAccount?: AccountName | undefined;
}

interface Parts extends EvidenceParts {
  readonly address: string;
  /** Of the ledger. */
  readonly table?: string;
  readonly filesOf: (releaseFolder: string) => readonly Migration[];
}

/** For everything together. */
const limitMs = 300_000;

export async function assess(
  parts: Parts,
  ledger: Ledger,
  { releaseFolder, act, releases }: Assessment,
  signal: AbortSignal,
): Promise<CompatReport> {
  const { dialect, readUse } = parts;
  const migrations = parts.filesOf(releaseFolder);
  const pending = new Set(planExpand(migrations, ledger).map(({ migration }) => migration.id));
  return validateCompatibility({
    files: filesFor(act, migrations, ledger),
    findings: await lintAside(dialect, migrations, { pending, ledger: parts.table }),
    releases: releases.map((release) => needsOf(parts, release)),
    readUse,
    scratch: parts.scratch(parts.address, replayed(migrations, ledger)),
    limitMs,
    signal,
  });
}

function filesFor(act: Assessment['act'], migrations: readonly Migration[], ledger: Ledger): readonly SqlFile[] {
  switch (act.kind) {
    case 'nothing':
      return [];
    case 'expand':
      return planExpand(migrations, ledger).flatMap(({ file }) => file ?? []);
    case 'contract':
      return migrations.flatMap(({ id, contract }) => (contract && act.ids.includes(id) ? [contract] : []));
    default:
      return act satisfies never;
  }
}

/** First all that widens, then all that tightens: in between no release could see the order. */
function replayed(migrations: readonly Migration[], ledger: Ledger): readonly SqlFile[] {
  const ran = (stage: 'expand' | 'contract') =>
    migrations.flatMap((migration) => {
      const file = migration[stage];
      return file && hasRun(rowOf(ledger, migration.id), stage) ? [file] : [];
    });
  return [...ran('expand'), ...ran('contract')];
}

function needsOf(
  { dialect, manifestOf, filesOf, smokeEnv, smokeAccount }: Parts,
  { version, folder, runsNow }: AssessedRelease,
) {
  const from = {
    release: version,
    runsNow,
    folder,
    manifest: manifestOf(folder),
    migrations: filesOf(folder),
    env: smokeEnv,
    account: smokeAccount,
  };
  return readNeeds(from, (text) => dialect.split(text));
}
