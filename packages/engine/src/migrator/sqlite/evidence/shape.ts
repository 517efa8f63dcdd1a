// The schema as SQLite stores it: what its pragmas report, and the checks, which are only in the texts of the tables.

import type Database from 'better-sqlite3';
import type { Column, Relation, Rule, SchemaShape } from '../../evidence/shape.ts';
import { parseSqlite } from '../parse.ts';

interface Master {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  readonly sql: string;
}

interface Info {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
  readonly pk: number;
  readonly hidden: number;
}

export function readShape(database: Database.Database): SchemaShape {
  const masters = database
    .prepare(
      "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'",
    )
    .all() as Master[];
  const relations = masters.filter(({ type }) => type === 'table' || type === 'view');
  const tables = relations.filter(({ type }) => type === 'table');
  return {
    relations: Object.fromEntries(relations.map(relationOf)),
    columns: Object.fromEntries(relations.flatMap((each) => columnsOf(database, each))),
    rules: Object.fromEntries([
      ...tables.flatMap((table) => [...uniques(database, table), ...references(database, table), ...checks(table)]),
      ...masters.filter(({ type }) => type === 'trigger').map(trigger),
    ]),
    routines: {},
    enums: {},
    grants: [],
  };
}

function relationOf({ type, name, sql }: Master): readonly [string, Relation] {
  return type === 'view' ? [name, { kind: 'view', definition: sql }] : [name, { kind: 'table', definition: '' }];
}

function columnsOf(database: Database.Database, { name: table }: Master): readonly (readonly [string, Column])[] {
  const infos = database.prepare('SELECT * FROM pragma_table_xinfo(?)').all(table) as Info[];
  const keys = infos.filter(({ pk }) => pk > 0).length;
  return infos.map((info, index) => [
    `${table}.${info.name}`,
    {
      table,
      type: info.type.toLowerCase(),
      notNull: info.notnull === 1,
      fallback: fallbackOf(info, keys),
      position: index + 1,
    },
  ]);
}

function fallbackOf({ type, dflt_value, pk, hidden }: Info, keys: number): string | undefined {
  if (hidden > 1) return 'generated';
  // An INTEGER PRIMARY KEY is the row's own number.
  if (pk === 1 && keys === 1 && type.toUpperCase() === 'INTEGER') return 'row number';
  return dflt_value ?? undefined;
}

type NamedRule = readonly [string, Rule];

const ruleOf = (kind: Rule['kind'], table: string, name: string, definition: string): NamedRule => [
  `${kind} ${name} on ${table}`,
  // A trigger of SQLite cannot change the row that is about to be written.
  { kind, table, definition, fillsInserts: false },
];

function uniques(database: Database.Database, { name: table }: Master): readonly NamedRule[] {
  const lists = database.prepare('SELECT name, partial FROM pragma_index_list(?) WHERE "unique" = 1').all(table) as {
    readonly name: string;
    readonly partial: number;
  }[];
  return lists.map(({ name, partial }) => {
    const sql = 'SELECT coalesce(name, ?) AS name FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno';
    const columns = (database.prepare(sql).all('(expression)', name) as { readonly name: string }[]).map(
      (each) => each.name,
    );
    return ruleOf('unique', table, `(${columns.join(', ')})${partial ? ` by ${name}` : ''}`, '');
  });
}

function references(database: Database.Database, { name: table }: Master): readonly NamedRule[] {
  const rows = database.prepare('SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)').all(table) as {
    readonly from: string;
    readonly table: string;
    readonly to: string | null;
  }[];
  return rows.map((row) => ruleOf('foreign key', table, `(${row.from}) to ${row.table}(${row.to ?? ''})`, ''));
}

function checks({ name, sql }: Master): readonly NamedRule[] {
  const parsed = parseSqlite(sql);
  const table = parsed.ok ? parsed.statements[0]?.node : undefined;
  if (table?.type !== 'CreateTableStmt' || table.body.type !== 'ColumnsAndConstraintsCreateTableBody') return [];
  const all = [
    ...table.body.columns.flatMap(({ constraints }) => constraints ?? []),
    ...(table.body.constraints ?? []),
  ];
  return all.flatMap(({ constraint }) => {
    if (constraint.type !== 'CheckColumnConstraint' && constraint.type !== 'CheckTableConstraint') return [];
    const { offset, length } = constraint.span;
    const text = sql.slice(offset, offset + length).replaceAll(/\s+/g, ' ');
    return [ruleOf('check', name, text, '')];
  });
}

const trigger = ({ name, tbl_name, sql }: Master): NamedRule => ruleOf('trigger', tbl_name, name, sql);
