// What is tried of a release: the writes that it has recorded, with made-up values; where nothing is recorded, rows that are
// made up for each table that it may write.

import { type InsertUse, isKnown, type ReadUse, type ReleaseNeeds, touches } from '../needs.ts';
import { shortened } from '../prepared.ts';
import { type Column, columnsOf, isRequired, type SchemaShape, tablesIn } from '../shape.ts';
import { filledIn, placeholdersOf } from './placeholders.ts';
import { referenceOf } from './references.ts';
import { type Form, forms, literal, valueFor } from './values.ts';

export interface Trial {
  readonly release: string;
  /** For sentences: the statement without its literals. */
  readonly label: string;
  readonly table: string | undefined;
  /** As recorded; undefined for what is made up. */
  readonly text: string | undefined;
  /** Columns that the statement itself gives a value; undefined when that is not known. */
  readonly given: readonly string[] | undefined;
  /** Two in a row, with other values: what the schema fills in must not be the same twice. */
  readonly twice: boolean;
  /** Other ways to write the same: what fails in all of them fails for any value. */
  readonly ways: readonly ((context: Rendering) => string | undefined)[];
}

export interface Rendering {
  /** As it is at the moment: a made-up row names no column that is gone. */
  readonly shape: SchemaShape;
  /** Of the row. */
  readonly n: number;
  readonly quote: (name: string) => string;
  /** Types of the placeholders, where the server knows them. */
  readonly types: readonly string[];
  /** A value that the first row of a table has. */
  readonly first: (table: string, column: string) => string | undefined;
}

const mostStatements = 500;
const mostTables = 60;

export interface Trials {
  readonly trials: readonly Trial[];
  /** Sentences. */
  readonly notTried: readonly string[];
}

export interface TrialInput {
  readonly releases: readonly ReleaseNeeds[];
  readonly files: readonly { readonly file: string }[];
  readonly since: SchemaShape;
  readonly readUse: ReadUse;
  /** Tables of the engine's own ledger. */
  readonly isLedger: (table: string) => boolean;
}

export function trialsOf({ releases, files, since, readUse, isLedger }: TrialInput): Trials {
  const tables = tablesIn(since).filter((table) => !isLedger(table));
  // One that is yet to start was written for the schema that the files make.
  const running = releases.filter(({ runsNow }) => runsNow);
  const notTried: string[] = [];
  const trials = running.flatMap((release) => {
    const all = release.statements.length > 0 ? recorded(release, since, readUse) : undefined;
    if (all && all.length > mostStatements)
      notTried.push(`${all.length - mostStatements} writes of ${release.release}: ${mostStatements} were tried`);
    if (all) return all.slice(0, mostStatements);
    if (files.every(({ file }) => release.files.includes(file))) return [];
    const written = tables.filter((table) => !isKnown(release) || touches(release.declared?.writes ?? [], table));
    if (written.length > mostTables)
      notTried.push(`writes of ${release.release} to ${written.length - mostTables} tables: ${mostTables} were tried`);
    return written.slice(0, mostTables).flatMap((table) => madeUp(release.release, table, since));
  });
  return { trials, notTried };
}

function recorded({ release, statements }: ReleaseNeeds, since: SchemaShape, readUse: ReadUse): readonly Trial[] {
  return [...new Set(statements)].flatMap((text): Trial[] => {
    const use = readUse(text);
    if (use === undefined || (use.writes.length === 0 && use.inserts.length === 0)) return [];
    const [insert] = use.inserts;
    const table = insert?.table ?? use.writes[0]?.split('.').slice(0, -1).join('.');
    const given = insert && columnsGiven(insert, since);
    const write: RecordedWrite = { text, table, insert, placeholders: placeholdersOf(text, given), since };
    const ways = forms.map((form) => (context: Rendering) => rewritten(write, form, context));
    return [{ release, label: shortened(text), text, table, given, twice: insert !== undefined, ways }];
  });
}

interface RecordedWrite {
  readonly text: string;
  readonly table: string | undefined;
  readonly insert: InsertUse | undefined;
  readonly placeholders: ReturnType<typeof placeholdersOf>;
  readonly since: SchemaShape;
}

/** With a value for each placeholder: one that is in the table already where it must be, and a made-up one elsewhere. */
function rewritten({ text, table, insert, placeholders, since }: RecordedWrite, form: Form, context: Rendering) {
  return filledIn(text, placeholders, ({ number, column }) => {
    const isKnownColumn = column !== undefined && table !== undefined;
    const found = isKnownColumn ? valueFound(since, context, { table, column, insert }) : undefined;
    if (found !== undefined) return literal(found);
    const type = columnNamed(since, table, column)?.type ?? context.types[number - 1];
    const n = insert ? context.n : 1;
    return type === undefined ? String(n) : literal(valueFor(type, n, form, since.enums[type]));
  });
}

function columnNamed(since: SchemaShape, table: string | undefined, column: string | undefined): Column | undefined {
  if (column === undefined) return undefined;
  const ending = `.${column.toLowerCase()}`;
  return Object.entries(since.columns).find(
    ([name, found]) => found.table === table && name.toLowerCase().endsWith(ending),
  )?.[1];
}

/** Of an existing row: what a column must refer to, or by what an UPDATE and a DELETE find one. */
function valueFound(
  since: SchemaShape,
  { first }: Rendering,
  {
    table,
    column,
    insert,
  }: { readonly table: string; readonly column: string; readonly insert: InsertUse | undefined },
): string | undefined {
  if (insert === undefined) return first(table, column);
  const reference = referenceOf(since, table, column);
  return reference && first(reference.table, reference.column);
}

function columnsGiven({ table, columns }: InsertUse, since: SchemaShape): readonly string[] {
  return columns ?? columnsOf(since, table).map(([name]) => name);
}

function madeUp(release: string, table: string, since: SchemaShape): readonly Trial[] {
  const columns = columnsOf(since, table);
  const own = { release, table, text: undefined };
  const insert = (wanted: (column: Column) => boolean) => (form: Form) => (context: Rendering) =>
    insertText({ table, columns: columns.filter(([, column]) => wanted(column)), since, form }, context);
  const natural = insert(({ fallback }) => fallback === undefined);
  const required = insert(isRequired);
  return [
    {
      ...own,
      label: `an INSERT into ${table}`,
      given: columns.filter(([, { fallback }]) => fallback === undefined).map(([name]) => name),
      twice: true,
      ways: [...forms.map(natural), ...forms.map(required)],
    },
    { ...own, label: `an UPDATE of ${table}`, given: undefined, twice: false, ways: [updateText(table, columns)] },
    {
      ...own,
      label: `a DELETE from ${table}`,
      given: undefined,
      twice: false,
      ways: [({ shape, quote }) => (shape.relations[table] ? `DELETE FROM ${quoteAll(table, quote)}` : undefined)],
    },
  ];
}

interface MadeUpInsert {
  readonly table: string;
  readonly columns: readonly (readonly [name: string, Column])[];
  readonly since: SchemaShape;
  readonly form: Form;
}

/** Undefined when the table is gone. */
export function insertText({ table, columns, since, form }: MadeUpInsert, { shape, n, quote, first }: Rendering) {
  if (shape.relations[table] === undefined) return undefined;
  const given = columns.filter(([name]) => shape.columns[`${table}.${name}`] !== undefined);
  if (given.length === 0)
    return quote('').startsWith('`')
      ? `INSERT INTO ${quoteAll(table, quote)} () VALUES ()`
      : `INSERT INTO ${quoteAll(table, quote)} DEFAULT VALUES`;
  const values = given.map(([name, { type }]) => {
    const reference = referenceOf(since, table, name);
    const found = reference && first(reference.table, reference.column);
    return literal(found ?? valueFor(type, n, form, since.enums[type]));
  });
  return `INSERT INTO ${quoteAll(table, quote)} (${given.map(([name]) => quote(name)).join(', ')}) VALUES (${values.join(', ')})`;
}

/** Each row as it is: what triggers, rules and rights say of an UPDATE. */
const updateText =
  (table: string, columns: readonly (readonly [string, Column])[]) =>
  ({ shape, quote }: Rendering): string | undefined => {
    const [first] = columns.filter(
      ([name, { fallback = '' }]) =>
        shape.columns[`${table}.${name}`] !== undefined && !/^(generated|identity)/.test(fallback),
    );
    if (shape.relations[table] === undefined || first === undefined) return undefined;
    return `UPDATE ${quoteAll(table, quote)} SET ${quote(first[0])} = ${quote(first[0])}`;
  };

/** A name of the shape, which may have its schema before it. */
const quoteAll = (name: string, quote: (part: string) => string): string => name.split('.').map(quote).join('.');
