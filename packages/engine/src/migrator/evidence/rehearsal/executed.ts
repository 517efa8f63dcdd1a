// What executing says: a write that worked before the files and fails after them.

import type { Change } from '../diff.ts';
import type { ReleaseNeeds } from '../needs.ts';
import type { Evidence } from '../report.ts';
import { columnsOf, type SchemaShape } from '../shape.ts';
import type { Attempt, Refusal, Rehearsal, Rehearsed } from './rehearse.ts';
import type { Trial } from './trial.ts';

export interface Executed {
  readonly release: ReleaseNeeds;
  readonly rehearsal: Rehearsal | undefined;
  /** Statements of which it is known already that the server does not take them. */
  readonly refused: readonly string[];
  readonly files: readonly { readonly file: string }[];
  readonly changes: readonly Change[];
  /** Why the author takes a file's hazards on, by file. */
  readonly accepted: Readonly<Record<string, string>>;
}

export function executedEvidence(executed: Executed): readonly Evidence[] {
  const { release, rehearsal, refused } = executed;
  if (!rehearsal?.ok) return [];
  return rehearsal.rehearsed
    .filter(({ trial }) => trial.release === release.release && !refused.includes(trial.text ?? ''))
    .flatMap((rehearsed) => evidenceOf(executed, rehearsed, rehearsal));
}

function evidenceOf(
  { release, files, changes, accepted }: Executed,
  { trial, before, after }: Rehearsed,
  shapes: Shapes,
): Evidence[] {
  const worked = before.flatMap((was, way) => (was.done === 0 ? [] : [{ was, now: after[way] ?? was }]));
  const failed = worked.flatMap(({ was, now }) => (now.refusal && now.done < was.done ? [now] : []));
  const [first] = failed;
  if (first?.refusal === undefined) return [];
  const certain = failed.filter(({ refusal }) => refusal && !isOfValues(refusal, trial, shapes));
  // A value that the schema fills in twice fails with any other values; a sequence may move past it meanwhile.
  const isRepeated = certain.some(({ refusal }) => refusal?.kind === 'unique');
  const isCertain = isRepeated || certain.length === worked.length;
  const cause =
    changes.find(({ table }) => table === trial.table)?.file ?? (files.length === 1 ? files[0]?.file : undefined);
  const reason = cause === undefined || isCertain ? undefined : accepted[cause];
  return [
    {
      layer: 'executed',
      release: release.release,
      file: cause,
      object: trial.table,
      classes: ['breaks-old'],
      effect: isCertain ? 'breaks' : reason === undefined ? 'unclear' : 'said',
      sentence: `${trial.label}: ${said(first, first.refusal)}${isCertain ? '' : ' (with values that were made up)'}${reason === undefined ? '' : ` (accepted: ${reason})`}`,
    },
  ];
}

const said = ({ done }: Attempt, { sentence }: Refusal): string =>
  `${done === 0 ? 'worked before and fails now' : 'two in a row worked before, and the second fails now'}: ${sentence}`;

interface Shapes {
  readonly since: SchemaShape;
  readonly shape: SchemaShape;
}

/** The values are made up: the server may accept the release's own, or accept these with more time and space. */
function isOfValues(refusal: Refusal, { given, table = '' }: Trial, { since, shape }: Shapes): boolean {
  const { kind, columns = checkedColumns(refusal, table, shape) } = refusal;
  if (kind === 'foreign key' || kind === 'server') return true;
  if (kind === 'unique') return given !== undefined && columns?.some((each) => has(given, each)) === true;
  if (kind !== 'check') return false;
  // Columns that the release does not know, or leaves out, it cannot give another value.
  const own = given ?? columnsOf(since, table).map(([name]) => name);
  return columns === undefined || columns.every((each) => has(own, each));
}

const has = (names: readonly string[], name: string): boolean =>
  names.some((each) => each.toLowerCase() === name.toLowerCase());

/** Columns that the text of the check names, where the server reported only its name or its text. */
function checkedColumns({ rule }: Refusal, table: string, shape: SchemaShape): readonly string[] | undefined {
  if (rule === undefined) return undefined;
  const texts = Object.entries(shape.rules)
    .filter(
      ([name, each]) => each.kind === 'check' && each.table === table && `${name} ${each.definition}`.includes(rule),
    )
    .map(([name, { definition }]) => `${name} ${definition}`);
  const words = new Set(texts.join(' ').toLowerCase().match(/\w+/g) ?? []);
  const named = columnsOf(shape, table)
    .map(([name]) => name)
    .filter((name) => words.has(name.toLowerCase()));
  return named.length === 0 ? undefined : named;
}

/** Sentences: what could not be tried at all. */
export function notExecuted(rehearsal: Rehearsal | undefined): readonly string[] {
  if (rehearsal === undefined) return [];
  if (!rehearsal.ok) return [`writes of old releases: ${rehearsal.sentence}`];
  const left = rehearsal.rehearsed.filter(({ before }) => before.every(({ done }) => done === 0));
  return [...new Set(left.map(({ trial }) => trial.release))].map((release) => {
    const count = left.filter(({ trial }) => trial.release === release).length;
    return `${count} of the writes of ${release}, which do not work with values that were made up`;
  });
}
