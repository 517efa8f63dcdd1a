// The verdict on a change of the schema, for every release that has users, may get them with one command, or may be
// gone back to. What is not known may widen if it only adds, and may never tighten.

import { describeReport } from '../../migrator/evidence/describe.ts';
import { type CompatReport, mayContract, mayExpand } from '../../migrator/evidence/report.ts';
import type { AssessedRelease } from '../../migrator/migrator.ts';
import { type Core, releaseFiles, type Target } from '../core.ts';
import { holdersOf } from './who-needs.ts';

export interface SchemaEvidence {
  readonly verdict: CompatReport['verdict'];
  /** One sentence, with the verdict as its first word. */
  readonly headline: string;
  /** What was found, how each release was checked, and what was not checked. */
  readonly lines: readonly string[];
  readonly allowed: boolean;
}

const mostLines = 40;

export interface Candidate {
  readonly version: string;
  readonly folder: string;
}

/** @throws MigrationError, BlueGreenError `release-invalid` */
export async function expandEvidence(
  core: Core,
  target: Target,
  candidate: Candidate,
  signal: AbortSignal,
): Promise<SchemaEvidence> {
  const standing = standingReleases(core, target).filter(({ version }) => version !== candidate.version);
  const releases = [...standing, { ...candidate, runsNow: false }];
  const report = await target.migrator.assess(
    { releaseFolder: candidate.folder, act: { kind: 'expand' }, releases },
    signal,
  );
  return shown(report, mayExpand(report));
}

/** @throws MigrationError, BlueGreenError `release-invalid` */
export async function contractEvidence(
  core: Core,
  target: Target,
  { folder, ids }: { readonly folder: string; readonly ids: readonly string[] },
  signal: AbortSignal,
): Promise<SchemaEvidence> {
  const releases = standingReleases(core, target);
  const report = await target.migrator.assess(
    { releaseFolder: folder, act: { kind: 'contract', ids }, releases },
    signal,
  );
  return shown(report, mayContract(report));
}

function standingReleases(core: Core, target: Target): readonly AssessedRelease[] {
  const versions = [...new Set(holdersOf(core, target).map(({ version }) => version))];
  return versions.flatMap((version) => {
    const files = releaseFiles(core, target.key.service, version);
    return files ? [{ version, folder: files.folder, runsNow: true }] : [];
  });
}

function shown(report: CompatReport, allowed: boolean): SchemaEvidence {
  const { headline, lines } = describeReport(report);
  return { verdict: report.verdict, headline, lines: lines.slice(0, mostLines), allowed };
}
