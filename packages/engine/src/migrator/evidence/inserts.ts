// Columns that a release's INSERTs omit: no database reports them before the row is written.

import type { InsertUse, ReleaseNeeds } from './needs.ts';
import type { Evidence } from './report.ts';
import { type Column, columnsOf, isRequired, type SchemaShape } from './shape.ts';

export interface InsertCheck {
  readonly release: Pick<ReleaseNeeds, 'release'>;
  readonly inserts: readonly InsertUse[];
  /** Undefined: what already fails counts as well. */
  readonly before: SchemaShape | undefined;
  readonly after: SchemaShape;
}

export function insertEvidence(check: InsertCheck): readonly Evidence[] {
  const found = check.inserts.flatMap((insert) => [...omissions(check, insert), ...positions(check, insert)]);
  return [...new Map(found.map((each) => [each.sentence, each])).values()];
}

function omissions({ release, before, after }: InsertCheck, insert: InsertUse): readonly Evidence[] {
  const table = nameIn(after, insert.table);
  const isFilled = Object.values(after.rules).some((rule) => rule.table === table && rule.fillsInserts);
  return omitted(after, table, insert).flatMap(([name, column]): Evidence[] => {
    const problem = problemOf(before?.columns[`${table}.${name}`], column);
    if (problem === undefined) return [];
    const isUnclear = isFilled || !isRequired(column);
    return [
      {
        layer: 'insert',
        release: release.release,
        file: undefined,
        object: `${table}.${name}`,
        classes: ['breaks-old'],
        effect: isUnclear ? 'unclear' : 'breaks',
        sentence: `an INSERT into ${table} omits ${name}, ${problem}${isFilled ? '; a trigger may fill it' : ''}`,
      },
    ];
  });
}

function problemOf(was: Column | undefined, now: Column): string | undefined {
  if (isRequired(now)) return was && isRequired(was) ? undefined : 'which is NOT NULL and has no default';
  if (now.fallback !== undefined || was?.fallback === undefined) return undefined;
  return `which has lost its default ${was.fallback} and is NULL then`;
}

function omitted(
  shape: SchemaShape,
  table: string,
  { columns, values }: InsertUse,
): readonly (readonly [string, Column])[] {
  const all = columnsOf(shape, table);
  // INSERT … SELECT by position: the text does not say how many columns there are.
  if (columns === undefined) return values === undefined ? [] : all.slice(values);
  const given = new Set(columns.map((column) => column.toLowerCase()));
  return all.filter(([name]) => !given.has(name.toLowerCase()));
}

function positions({ release, before, after }: InsertCheck, insert: InsertUse): readonly Evidence[] {
  if (insert.columns !== undefined || before === undefined) return [];
  const table = nameIn(after, insert.table);
  const names = (shape: SchemaShape): string =>
    columnsOf(shape, table)
      .map(([name]) => name)
      .join(', ');
  if (names(before) === names(after) || columnsOf(before, table).length === 0) return [];
  return [
    {
      layer: 'insert',
      release: release.release,
      file: undefined,
      object: table,
      classes: ['breaks-old'],
      effect: 'said',
      sentence: `an INSERT into ${table} goes by position, and its columns are now ${names(after)}: name them`,
    },
  ];
}

function nameIn(shape: SchemaShape, table: string): string {
  if (shape.relations[table] !== undefined) return table;
  return Object.keys(shape.relations).find((name) => name.toLowerCase() === table.toLowerCase()) ?? table;
}
