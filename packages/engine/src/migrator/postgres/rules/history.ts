// What the statements so far made of the schema, as far as rules ask: what is new, what is typed how, what is proven.

import type { AlterTableType, Constraint, IndexStmt, Node, TypeName } from 'libpg-query';
import { isNew, type Origin, type Place } from '../../lint/rule.ts';
import type { PostgresStatement } from '../parse.ts';
import { body, nameOf } from './tree.ts';

export interface Column {
  readonly type: TypeName | undefined;
  readonly hasDefault: boolean;
  readonly default: Node | undefined;
  /** Numbered or worked out by the server: identity, serial, generated. */
  readonly isServers: boolean;
  /** Empty: the default of the type. */
  readonly collation: string;
  readonly origin: Origin;
}

export interface Check {
  readonly columns: readonly string[];
  /** Set when the check says nothing but `column IS NOT NULL`. */
  readonly provesNotNull: string | undefined;
  readonly isValid: boolean;
  readonly origin: Origin;
}

export interface Table {
  readonly columns: Map<string, Column>;
  readonly checks: Map<string, Check>;
  /** Columns that are NOT NULL. */
  readonly notNull: Set<string>;
  /** The primary key, when it is one column. */
  key: string | undefined;
  /** The primary key's columns. */
  keys: readonly string[];
  /** All constraints that have a name or were given one by the server, with the columns of this table in them. */
  readonly constraints: Map<string, { readonly node: Constraint; readonly columns: readonly string[] }>;
  /** Its partition key, and its partitions as far as they are known; undefined for a plain table. */
  readonly partitions: { readonly by: readonly string[]; readonly parts: Set<string>; hasDefault: boolean } | undefined;
  readonly origin: Origin | undefined;
}

export interface Index {
  readonly table: string;
  readonly columns: readonly string[];
  readonly isUnique: boolean;
  /** Undefined where a constraint made it. */
  readonly node: IndexStmt | undefined;
  readonly origin: Origin;
}

/** Memory of the file that is being judged. */
export interface FileMemory {
  /** Every statement of the file, those to come too. */
  readonly statements: readonly PostgresStatement[];
  /** Names of the views that the file makes anywhere. */
  readonly views: ReadonlySet<string>;
  /** Tables that were there before and are locked against writers by what the file did so far. */
  readonly lockedTables: Set<string>;
  /** Constraints added here as NOT VALID, by `table.name`. */
  readonly unproven: Set<string>;
  readonly enumValues: Set<string>;
  /** Triggers and rules that the file has disabled: see `disabledKey`. */
  readonly disabled: Set<string>;
  didChangeData: boolean;
}

/** What depends on tables and columns, so that they cannot be dropped. */
export interface Reader {
  readonly kind: 'view' | 'materialized view' | 'trigger' | 'policy';
  readonly tables: readonly string[];
  readonly columns: readonly string[];
  /** `SELECT *`. */
  readonly readsAll: boolean;
}

export interface History {
  readonly tables: Map<string, Table>;
  readonly indexes: Map<string, Index>;
  /** Domains with a constraint: a column of one is checked row by row. */
  readonly domains: Map<string, { readonly type: TypeName; readonly checks: readonly Constraint[] }>;
  /** Views, functions, types, triggers (`trigger on table`), by name. */
  readonly objects: Map<string, Origin>;
  /** Views, triggers and policies by name, with what they read. */
  readonly readers: Map<string, Reader>;
  here: Place;
  file: FileMemory;
}

export function emptyHistory(): History {
  const nowhere = {
    file: '',
    stage: 'expand',
    text: '',
    checksum: '',
    transaction: true,
    accepted: [],
    sync: false,
  } as const;
  return {
    tables: new Map(),
    indexes: new Map(),
    domains: new Map(),
    objects: new Map(),
    readers: new Map(),
    here: { file: nowhere, isFresh: false },
    file: freshMemory([]),
  };
}

export function freshMemory(statements: readonly PostgresStatement[]): FileMemory {
  return {
    statements,
    views: new Set(
      statements.flatMap(({ node }) => {
        const view = body(node, 'ViewStmt')?.view;
        return view === undefined ? [] : [nameOf(view)];
      }),
    ),
    lockedTables: new Set(),
    unproven: new Set(),
    enumValues: new Set(),
    disabled: new Set(),
    didChangeData: false,
  };
}

export const disabledKey = (table: string, how: AlterTableType, name = ''): string => `${how} ${name} on ${table}`;

/** No service uses it yet: it may be altered freely. */
export const isNewTable = (history: History, table: string): boolean =>
  isNew(history.tables.get(table)?.origin, history.here);

export const isNewObject = (history: History, name: string): boolean => isNew(history.objects.get(name), history.here);

/**
 * Neither the old release nor a row knows the column. A migration's contract step runs when the old release is gone, and
 * its columns are full by then, so they are not new there.
 */
export const isNewColumn = (history: History, table: string, column: string): boolean =>
  isNewTable(history, table) || isNew(history.tables.get(table)?.columns.get(column)?.origin, history.here);

/**
 * No release writes the column: it was added by this file, by this run, or, where nothing is known of what has run, by
 * the migration before (index builds, which need separate files, may come between). A trigger that fills it writes it.
 */
export function isUnwrittenColumn(history: History, table: string, column: string): boolean {
  if (isNewTable(history, table)) return true;
  const origin = columnOf(history, table, column)?.origin;
  return (
    origin?.file.sync === false &&
    (isNew(origin, history.here) ||
      (origin !== history.tables.get(table)?.origin && isJustBefore(origin, history.here)))
  );
}

function isJustBefore(origin: Origin, here: Place): boolean {
  let { before } = here;
  while (before !== undefined && before.file !== origin.file && !before.file.transaction) ({ before } = before);
  return before?.file === origin.file;
}

export const columnOf = (history: History, table: string, column: string): Column | undefined =>
  history.tables.get(table)?.columns.get(column);

/**
 * A column to walk the table by, never NULL: the primary key, its first column, or a unique one. `id` where these
 * migrations do not show the table; undefined where it has none, or where it is `filled` only now.
 */
export function keyOf(history: History, table: string, filled?: string): string | undefined {
  const known = history.tables.get(table);
  if (known?.origin === undefined) return filled === 'id' ? undefined : (known?.key ?? 'id');
  const unique = [...history.indexes.values()]
    .filter((index) => index.isUnique && index.table === table && index.node?.whereClause === undefined)
    .map(({ columns }) => columns[0])
    .filter((column) => column !== undefined && known.notNull.has(column));
  return [known.keys[0], ...unique].find((column) => column !== undefined && column !== filled);
}

/** Made by these migrations, so that all of it is known. */
export const isKnownTable = (history: History, table: string): boolean =>
  history.tables.get(table)?.origin !== undefined;

/** Undefined for a plain table, and for one that these migrations do not show. */
export const partitionsOf = (history: History, table: string) => history.tables.get(table)?.partitions;

/** Declared so, where these migrations show it. */
export const isNotNull = (history: History, table: string, column: string): boolean =>
  history.tables.get(table)?.notNull.has(column) === true;

/** No two rows may have the same value in it. */
export const isKeyColumn = (history: History, table: string, column: string): boolean =>
  history.tables.get(table)?.key === column ||
  [...history.indexes.values()].some(
    (index) => index.isUnique && index.table === table && index.columns.length === 1 && index.columns[0] === column,
  );

/** A validated `CHECK (column IS NOT NULL)` lets SET NOT NULL pass without a scan. */
export function isProvenNotNull(history: History, table: string, column: string): boolean {
  const known = history.tables.get(table);
  if (known === undefined || known.notNull.has(column)) return known !== undefined;
  return [...known.checks.values()].some(({ provesNotNull, isValid }) => isValid && provesNotNull === column);
}
