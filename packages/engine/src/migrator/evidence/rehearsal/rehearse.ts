// The writes of old releases, executed on a copy that has a few rows: before the files and after them. Every trial is
// rolled back, so that none disturbs another.

import type { SqlFile } from '../../files/migration.ts';
import type { SchemaShape } from '../shape.ts';
import { columnsOf, isRequired, tablesIn } from '../shape.ts';
import { referencesOf } from './references.ts';
import { insertText, type Rendering, type Trial } from './trial.ts';
import { forms } from './values.ts';

/** One driver's session on a copy of the copy. */
export interface TrialSession {
  readonly quote: (name: string) => string;
  /** The values of the first row, as text. */
  first(table: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Inserts a row that remains. @throws the server's error */
  keep(sql: string): Promise<void>;
  /** One after another in a transaction that is rolled back, with limits of time; ends with the first that is refused. */
  attempt(statements: readonly string[]): Promise<Attempt>;
  /** Of the placeholders, from the first; none where the server does not know. */
  types(statement: string): Promise<readonly string[]>;
  shape(): Promise<SchemaShape>;
}

export interface Attempt {
  /** Statements that were not refused. */
  readonly done: number;
  readonly refusal: Refusal | undefined;
}

export interface Refusal {
  /** `server`: it took too long, or the server had no space or no lock: that does not depend on the schema. */
  readonly kind: 'unique' | 'foreign key' | 'check' | 'server' | 'other';
  readonly sentence: string;
  /** Of the key or the check, where the server reports them. */
  readonly columns?: readonly string[] | undefined;
  /** Name or text of a check, where the server reports no columns. */
  readonly rule?: string | undefined;
}

export interface Rehearsed {
  readonly trial: Trial;
  /** By way. */
  readonly before: readonly Attempt[];
  readonly after: readonly Attempt[];
}

export type Rehearsal =
  | {
      readonly ok: true;
      readonly rehearsed: readonly Rehearsed[];
      /** Before the files, and after them. */
      readonly since: SchemaShape;
      readonly shape: SchemaShape;
    }
  /** A file that does not run on these rows. */
  | { readonly ok: false; readonly sentence: string };

export interface RehearsalPlan {
  readonly trials: readonly Trial[];
  readonly files: readonly SqlFile[];
  /** Whether a few rows are made up first: without them no UPDATE and no DELETE is tried. */
  readonly withRows: boolean;
}

const rows = 3;
/** Separate rows: the existing ones have the first numbers. */
const firstNew = 1_001;

/** @param apply runs the files. @returns why not */
export async function rehearse(
  session: TrialSession,
  { trials, withRows }: Pick<RehearsalPlan, 'trials' | 'withRows'>,
  apply: () => Promise<string | undefined>,
): Promise<Rehearsal> {
  const since = await session.shape();
  const first = withRows ? await fill(session, since) : () => undefined;
  const types = new Map<Trial, readonly string[]>();
  for (const trial of trials) types.set(trial, await typesOf(session, trial));
  const attempts = async (shape: SchemaShape, earlier?: readonly (readonly Attempt[])[]) => {
    const all: (readonly Attempt[])[] = [];
    for (const [index, trial] of trials.entries()) {
      const context = { shape, first, types: types.get(trial) ?? [] };
      all.push(await attemptAll(session, trial, { context, earlier: earlier?.[index] }));
    }
    return all;
  };
  const before = await attempts(since);
  const failed = await apply();
  if (failed !== undefined) return { ok: false, sentence: failed };
  const shape = await session.shape();
  const after = await attempts(shape, before);
  return {
    ok: true,
    since,
    shape,
    rehearsed: trials.map((trial, index) => ({ trial, before: before[index] ?? [], after: after[index] ?? [] })),
  };
}

/** Only recorded texts are sent to the server for types: made-up writes have no placeholders. */
const typesOf = (session: TrialSession, { text }: Trial): Promise<readonly string[]> =>
  text === undefined ? Promise.resolve([]) : session.types(text);

const notTried: Attempt = { done: 0, refusal: undefined };

/** Ways that did not work earlier are left out, and so is what follows a statement that took too long. */
async function attemptAll(
  session: TrialSession,
  { ways, twice }: Trial,
  {
    context,
    earlier,
  }: {
    readonly context: Pick<Rendering, 'shape' | 'types' | 'first'>;
    readonly earlier: readonly Attempt[] | undefined;
  },
): Promise<readonly Attempt[]> {
  const all: Attempt[] = [];
  for (const [index, way] of ways.entries()) {
    const isOut = earlier?.[index]?.done === 0 || all.some(({ refusal }) => refusal?.kind === 'server');
    const numbers = twice ? [firstNew, firstNew + 1] : [1];
    const statements = numbers.flatMap((n) => way({ ...context, n, quote: session.quote }) ?? []);
    all.push(isOut ? notTried : await session.attempt(statements));
  }
  return all;
}

/** A few rows in each table, in an order in which they can refer to one another; a table that takes none stays empty. */
async function fill(session: TrialSession, since: SchemaShape): Promise<Rendering['first']> {
  const rowsOf = new Map<string, Readonly<Record<string, string>> | undefined>();
  const first: Rendering['first'] = (table, column) => rowsOf.get(table)?.[column];
  for (const table of inOrder(since)) {
    for (let n = 1; n <= rows; n += 1) await keepOne(session, rowsFor({ session, since, first }, table, n));
    rowsOf.set(table, await session.first(table).catch(() => undefined));
  }
  return first;
}

async function keepOne(session: TrialSession, statements: readonly string[]): Promise<void> {
  for (const sql of statements) {
    const refused = await session.keep(sql).then(
      () => false,
      () => true,
    );
    if (!refused) return;
  }
}

function rowsFor(
  {
    session,
    since,
    first,
  }: { readonly session: TrialSession; readonly since: SchemaShape; readonly first: Rendering['first'] },
  table: string,
  n: number,
): readonly string[] {
  const columns = columnsOf(since, table);
  const [natural, required] = [
    columns.filter(([, { fallback }]) => fallback === undefined),
    columns.filter(([, column]) => isRequired(column)),
  ];
  const context = { shape: since, n, quote: session.quote, types: [], first };
  return [natural, required].flatMap((given) =>
    forms.flatMap((form) => insertText({ table, columns: given, since, form }, context) ?? []),
  );
}

function inOrder(since: SchemaShape): readonly string[] {
  const placed: string[] = [];
  const place = (table: string, above: readonly string[]): void => {
    if (placed.includes(table) || above.includes(table) || since.relations[table] === undefined) return;
    for (const other of referencesOf(since, table)) place(other.table, [...above, table]);
    placed.push(table);
  };
  for (const table of tablesIn(since)) place(table, []);
  return placed;
}
