// One release against the changed schema, layer by layer.

import type { SqlFile } from '../files/migration.ts';
import { concernEvidence } from './concern.ts';
import type { Change } from './diff.ts';
import { insertEvidence } from './inserts.ts';
import { type ReadUse, type ReleaseNeeds, touches, type Use, useOf } from './needs.ts';
import type { Prepared } from './prepared.ts';
import { preparedEvidence } from './prepared.ts';
import { executedEvidence } from './rehearsal/executed.ts';
import type { Rehearsal } from './rehearsal/rehearse.ts';
import type { Coverage, Evidence } from './report.ts';
import type { ScratchCopy } from './scratch.ts';
import type { SchemaShape } from './shape.ts';
import { runSmoke } from './smoke.ts';

export interface ReleaseEvidence {
  readonly coverage: Coverage;
  readonly evidence: readonly Evidence[];
}

export interface ChangedSchema {
  readonly copy: ScratchCopy;
  readonly since: SchemaShape;
  readonly changes: readonly Change[];
  /** By release. */
  readonly before: Readonly<Record<string, readonly Prepared[]>>;
  readonly after: { readonly shape: SchemaShape; readonly prepared: Readonly<Record<string, readonly Prepared[]>> };
  readonly accepted: Readonly<Record<string, string>>;
  /** Undefined: nothing was executed. */
  readonly rehearsal: Rehearsal | undefined;
}

interface Question {
  readonly files: readonly Pick<SqlFile, 'file'>[];
  readonly readUse: ReadUse;
  readonly signal: AbortSignal;
}

export async function judgeRelease(
  release: ReleaseNeeds,
  { files, readUse, signal }: Question,
  { copy, since, changes, before, after, accepted, rehearsal }: ChangedSchema,
): Promise<ReleaseEvidence> {
  // These files did not cause what fails already; without files, or for a release yet to start, it is the answer.
  const isExcused = release.runsNow && files.length > 0;
  const use = useOf(release.statements, readUse);
  const { smoke, evidence } = await runSmoke(copy, release, signal);
  const prepared = after.prepared[release.release] ?? [];
  return {
    coverage: coverageOf(release, files, smoke, prepared),
    evidence: [
      ...preparedEvidence({
        release,
        before: isExcused ? before[release.release] : undefined,
        after: prepared,
        changes,
        readUse,
        accepted,
      }),
      ...insertEvidence({ release, inserts: use.inserts, before: isExcused ? since : undefined, after: after.shape }),
      ...missing(release, isExcused ? since : undefined, after.shape, changes),
      ...concernEvidence(changes, { release, use, smoke, accepted }),
      ...stars(release, use, changes),
      ...executedEvidence({
        release,
        rehearsal,
        refused: release.statements.filter((_, index) => prepared[index]?.kind === 'refused'),
        files,
        changes,
        accepted,
      }),
      ...evidence,
    ],
  };
}

export function uncovered(release: ReleaseNeeds, { files }: Pick<Question, 'files'>): ReleaseEvidence {
  return { coverage: coverageOf(release, files, 'absent', []), evidence: [] };
}

function coverageOf(
  { release, declared, statements, files: own }: ReleaseNeeds,
  files: Question['files'],
  smoke: Coverage['smoke'],
  prepared: readonly Prepared[],
): Coverage {
  const tried = prepared.filter(({ kind }) => kind !== 'skipped').length;
  const isRecorded = statements.length > 0;
  const bringsAll = files.length > 0 && files.every(({ file }) => own.includes(file));
  const reported = declared ? (isRecorded ? 'manifest and recorded' : 'manifest') : isRecorded ? 'recorded' : undefined;
  const source = reported ?? (bringsAll ? 'own files' : 'none');
  return { release, source, statements: statements.length, prepared: tried, smoke };
}

/** Declared needs that the schema does not have; what these files remove is reported as their change. */
function missing(
  { release, declared }: ReleaseNeeds,
  since: SchemaShape | undefined,
  after: SchemaShape,
  changes: readonly Change[],
): readonly Evidence[] {
  const needs = [...new Set([...(declared?.reads ?? []), ...(declared?.writes ?? [])])];
  return needs
    .filter((need) => !isThere(after, need) && (since === undefined || isThere(since, need)))
    .filter((need) => !changes.some(({ kind, object }) => kind === 'gone' && touches([need], object)))
    .map((need) => ({
      layer: 'manifest',
      release,
      file: undefined,
      object: need,
      classes: ['breaks-old'],
      effect: 'breaks',
      sentence: `${release} declares to need ${need}, which the schema does not have`,
    }));
}

function isThere({ relations, columns, routines }: SchemaShape, need: string): boolean {
  const wanted = need.toLowerCase().replace(/^(?:public|main)\./, '');
  return [relations, columns, routines].some((all) => Object.keys(all).some((name) => name.toLowerCase() === wanted));
}

/** A statement that takes the columns as they come gets more of them, or others. */
function stars({ release }: ReleaseNeeds, { stars }: Use, changes: readonly Change[]): readonly Evidence[] {
  const added = changes.filter(({ kind, table }) => kind === 'column-added' && touches(stars, table));
  return [...new Set(added.map(({ table }) => table))].map((table) => ({
    layer: 'prepare',
    release,
    file: undefined,
    object: table,
    classes: ['breaks-old'],
    effect: 'said',
    sentence: `${release} takes all columns of ${table} (SELECT * or RETURNING *), which gets more: name the columns`,
  }));
}
