// Can every release that lives, or may live again, work on the schema that these files make? Read from the top: rules,
// then a scratch copy, then each release against it. Without files the question is about the schema as it is.

import { deadline } from '../../lib/clock.ts';
import { MigrationError } from '../error.ts';
import type { SqlFile } from '../files/migration.ts';
import type { Finding } from '../lint/finding.ts';
import { type Change, changesOf, isAdditive } from './diff.ts';
import type { ReadUse, ReleaseNeeds } from './needs.ts';
import { notChecked } from './not-checked.ts';
import type { Prepared } from './prepared.ts';
import { notExecuted } from './rehearsal/executed.ts';
import type { Rehearsal } from './rehearsal/rehearse.ts';
import { type Trial, trialsOf } from './rehearsal/trial.ts';
import { judgeRelease, type ReleaseEvidence, uncovered } from './release-evidence.ts';
import { byWeight, type CompatReport, type Evidence, verdictOf } from './report.ts';
import type { Applied, ScratchCopy, ScratchServer } from './scratch.ts';
import type { SchemaShape } from './shape.ts';
import { acceptedIn, dryRunEvidence, isFelt, staticEvidence } from './static.ts';

export interface CompatInput {
  /** What would run, in order; nothing for the schema as it is. */
  readonly files: readonly SqlFile[];
  /** What the dialect's rules say of the release's migrations; those of other files are left out. */
  readonly findings: readonly Finding[];
  /** All releases that use the schema or may again, and the one that is about to. */
  readonly releases: readonly ReleaseNeeds[];
  readonly readUse: ReadUse;
  readonly scratch: ScratchServer | undefined;
  /** For everything together. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** Never throws for what the scratch server cannot do: then the verdict is unknown, and says why. */
export async function validateCompatibility(input: CompatInput): Promise<CompatReport> {
  const signal = deadline(input.limitMs, input.signal);
  if (input.scratch === undefined)
    return withoutCopy(input, 'no scratch server is configured: set `scratch` of the database');
  try {
    const copy = await input.scratch.copy(signal);
    try {
      const report = await withCopy({ ...input, signal }, copy);
      signal.throwIfAborted();
      return report;
    } finally {
      await copy.drop();
    }
  } catch (thrown) {
    input.signal.throwIfAborted();
    if (signal.aborted) return withoutCopy(input, `the checks took longer than ${input.limitMs} ms`);
    if (thrown instanceof MigrationError) return withoutCopy(input, thrown.message);
    throw thrown;
  }
}

async function withCopy(input: CompatInput, copy: ScratchCopy): Promise<CompatReport> {
  const since = await copy.shape();
  const tried = trialsOf({
    ...input,
    since,
    isLedger: (table) => copy.ledgerTables.some((each) => lastOf(each) === lastOf(table)),
  });
  const { rehearsal, withoutRows } = await rehearseWrites(copy, tried.trials, input.files);
  const before = await prepareAll(copy, input.releases);
  const dryRun = await runFiles(copy, input.files, since);
  const findings = relevant(input);
  const after = { shape: dryRun.shape, prepared: await prepareAll(copy, input.releases) };
  const context = { ...dryRun, since, before, after, accepted: acceptedIn(findings), copy, rehearsal };
  const releases: ReleaseEvidence[] = [];
  for (const release of input.releases) releases.push(await judgeRelease(release, input, context));
  const isOld = (table: string): boolean => since.relations[table] !== undefined;
  return reported(input, {
    made: copy.made,
    additive: isOnlyAdding(input, dryRun, isOld),
    evidence: [
      ...staticEvidence(findings, dryRun.applied),
      ...input.files.flatMap((file) => dryRunOf(file, dryRun.applied[file.file], findings, isOld)),
    ],
    releases,
    notChecked: [...copy.notChecked, ...tried.notTried, ...withoutRows, ...notExecuted(rehearsal)],
  });
}

/** A file that does not run on rows that are made up may run on production's: then INSERTs at least are tried. */
async function rehearseWrites(
  copy: ScratchCopy,
  trials: readonly Trial[],
  files: readonly SqlFile[],
): Promise<{ readonly rehearsal: Rehearsal | undefined; readonly withoutRows: readonly string[] }> {
  if (files.length === 0 || trials.length === 0) return { rehearsal: undefined, withoutRows: [] };
  const rehearsal = await copy.rehearse({ trials, files, withRows: true });
  if (rehearsal.ok) return { rehearsal, withoutRows: [] };
  const sentence = `UPDATE and DELETE of old releases on rows that were made up: ${rehearsal.sentence}`;
  return { rehearsal: await copy.rehearse({ trials, files, withRows: false }), withoutRows: [sentence] };
}

const lastOf = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

interface DryRun {
  readonly applied: Readonly<Record<string, Applied>>;
  readonly changes: readonly Change[];
  readonly shape: SchemaShape;
}

/** Up to the first that fails. */
async function runFiles(copy: ScratchCopy, files: readonly SqlFile[], since: SchemaShape): Promise<DryRun> {
  let dryRun: DryRun = { applied: {}, changes: [], shape: since };
  for (const file of files) {
    const applied = await copy.apply(file);
    const after = await copy.shape();
    const changes = changesOf({ file: file.file, sync: file.sync, since, before: dryRun.shape, after });
    dryRun = {
      applied: { ...dryRun.applied, [file.file]: applied },
      changes: [...dryRun.changes, ...changes],
      shape: after,
    };
    if (!applied.ok) return dryRun;
  }
  return dryRun;
}

async function prepareAll(
  copy: ScratchCopy,
  releases: readonly ReleaseNeeds[],
): Promise<Readonly<Record<string, readonly Prepared[]>>> {
  const all: Record<string, readonly Prepared[]> = {};
  for (const { release, statements } of releases) all[release] = await copy.prepare(statements);
  return all;
}

function dryRunOf(
  file: SqlFile,
  applied: Applied | undefined,
  findings: readonly Finding[],
  isOld: (table: string) => boolean,
): readonly Evidence[] {
  if (applied === undefined) return [];
  return dryRunEvidence(
    file,
    applied,
    findings.filter((finding) => finding.file === file.file),
    isOld,
  );
}

function isOnlyAdding({ files }: CompatInput, dryRun: DryRun, isOld: (table: string) => boolean): boolean {
  return (
    dryRun.changes.every(isAdditive) &&
    files.every(({ file }) => {
      const applied = dryRun.applied[file];
      return applied?.ok === true && applied.traces.every((trace) => !isOld(trace.table) || !isFelt(trace));
    })
  );
}

/** Only the rules: what they decide is decided, and no release has been checked. */
function withoutCopy(input: CompatInput, why: string): CompatReport {
  const findings = relevant(input);
  return reported(input, {
    made: undefined,
    why,
    additive: findings.every(({ severity, accepted }) => severity === 'warning' && accepted === undefined),
    // A copy that is configured and does not work must not look like one that was not configured.
    evidence: [...staticEvidence(findings, undefined), ...(input.scratch === undefined ? [] : [noCopy(why)])],
    releases: input.releases.map((release) => uncovered(release, input)),
    notChecked: [`anything that needs a scratch copy: ${why}`],
  });
}

const noCopy = (why: string): Evidence => ({
  layer: 'dry-run',
  release: undefined,
  file: undefined,
  object: undefined,
  classes: [],
  effect: 'unclear',
  sentence: `there is no scratch copy: ${why}`,
});

const relevant = ({ files, findings }: CompatInput): readonly Finding[] =>
  findings.filter((finding) => files.some(({ file }) => file === finding.file));

interface Observed {
  readonly made: string | undefined;
  readonly why?: string;
  readonly additive: boolean;
  readonly evidence: readonly Evidence[];
  readonly releases: readonly ReleaseEvidence[];
  readonly notChecked: readonly string[];
}

function reported({ releases: needs }: CompatInput, observed: Observed): CompatReport {
  const findings = byWeight([...observed.evidence, ...observed.releases.flatMap(({ evidence }) => evidence)]);
  const coverage = observed.releases.map((each) => each.coverage);
  return {
    verdict: verdictOf(findings, coverage, observed.made !== undefined),
    additive: observed.additive && findings.every(({ effect }) => effect !== 'breaks'),
    findings,
    coverage,
    scratch: observed.made ?? observed.why ?? '',
    notChecked: notChecked(coverage, needs, observed.notChecked),
  };
}
