// From the names that a statement mentions to what it uses. Every grammar has a separate walk; the rest is the same.

import { type InsertUse, theTable, type Use } from './needs.ts';

export interface Mentions {
  readonly tables: readonly { readonly name: string; readonly alias: string | undefined }[];
  /** Names that the statement makes itself, by WITH. */
  readonly own: readonly string[];
  readonly columns: readonly { readonly of: string | undefined; readonly name: string }[];
  /** By name of the table; `undefined`: the row as such, or all of it. */
  readonly written: readonly { readonly table: string; readonly columns: readonly string[] | undefined }[];
  /** Qualifiers of `*`. */
  readonly stars: readonly (string | undefined)[];
  readonly inserts: readonly InsertUse[];
  readonly routines: readonly string[];
}

export function useOfMentions(mentions: Mentions): Use {
  const tables = mentions.tables.filter(({ name }) => !mentions.own.some((own) => isSame(own, name)));
  const named = (qualifier: string | undefined) =>
    tables.filter(({ name, alias }) => qualifier === undefined || isSame(alias ?? lastOf(name), qualifier));
  // `SELECT u FROM users u` takes the whole row.
  const isRow = (column: string): boolean => tables.some(({ name, alias }) => isSame(alias ?? lastOf(name), column));
  const rows = mentions.columns.filter(({ of, name }) => of === undefined && isRow(name));
  return {
    reads: unique([
      ...tables.map(({ name }) => theTable(name)),
      // A bare name could be of any of the tables; where two have it, the server would not take the statement.
      ...mentions.columns.flatMap(({ of, name }) => named(of).map((table) => `${table.name}.${name}`)),
    ]),
    writes: unique(
      mentions.written.flatMap(({ table, columns }) => columns?.map((column) => `${table}.${column}`) ?? [table]),
    ),
    stars: unique(
      [...mentions.stars, ...rows.map(({ name }) => name)].flatMap((of) => named(of).map(({ name }) => name)),
    ),
    inserts: mentions.inserts,
    routines: unique(mentions.routines),
  };
}

const lastOf = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];

/** A list that a walk fills, without the walk having to return it. */
export type Gathered = { -readonly [Key in keyof Mentions]: Mentions[Key][number][] };

export const nothingGathered = (): Gathered => ({
  tables: [],
  own: [],
  columns: [],
  written: [],
  stars: [],
  inserts: [],
  routines: [],
});
