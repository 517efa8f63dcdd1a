// Reading and printing PostgreSQL's tree. A safe form is the statement's own tree, changed and printed.

import type { AlterTableCmd, Constraint, Node, ObjectType, RangeVar, TypeName } from 'libpg-query';
import { deparseSync, QuoteUtils } from 'pgsql-deparser';
import type { PostgresStatement } from '../parse.ts';

type Kind = Node extends infer N ? (N extends unknown ? keyof N : never) : never;
type Body<K extends Kind> = Node extends infer N ? (N extends Record<K, infer B> ? B : never) : never;

/** The node's content when it is of this kind. */
export function body<K extends Kind>(node: Node | undefined, kind: K): Body<K> | undefined {
  return node === undefined ? undefined : (node as Partial<Record<K, Body<K>>>)[kind];
}

/** One command of an ALTER TABLE, which may hold many. */
export interface Alteration {
  readonly relation: RangeVar;
  /** As it is remembered, without quotes. */
  readonly table: string;
  /** As it is written in SQL. */
  readonly sql: string;
  readonly command: AlterTableCmd;
}

const alterationsOf = new WeakMap<Node, readonly Alteration[]>();

export function alterations({ node }: PostgresStatement, of: ObjectType = 'OBJECT_TABLE'): readonly Alteration[] {
  const alter = body(node, 'AlterTableStmt');
  if (alter?.relation === undefined || alter.objtype !== of) return [];
  const known = alterationsOf.get(node);
  if (known !== undefined) return known;
  const relation = alter.relation;
  const [table, sql] = [nameOf(relation), relationSql(relation)];
  const all = (alter.cmds ?? []).flatMap((each) => {
    const command = body(each, 'AlterTableCmd');
    return command === undefined ? [] : [{ relation, table, sql, command }];
  });
  alterationsOf.set(node, all);
  return all;
}

/** `schema.name`; the schema `public` is left out, since the search path finds it. */
export function nameOf({ schemaname, relname = '' }: RangeVar): string {
  return schemaname === undefined || schemaname === 'public' ? relname : `${schemaname}.${relname}`;
}

/** A table of the server itself. */
export const isCatalog = (name: string): boolean => /^(?:pg_|information_schema\.)/.test(name);

export function relationSql({ schemaname, relname = '' }: RangeVar): string {
  return [schemaname, relname]
    .filter((part) => part !== undefined)
    .map(quoted)
    .join('.');
}

export const quoted = (name: string): string => QuoteUtils.quoteIdentifier(name);
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export function strings(nodes: readonly Node[] | undefined): readonly string[] {
  return (nodes ?? []).map((each) => body(each, 'String')?.sval ?? '');
}

/** A dotted name in a list of strings, as it is remembered. */
export function dotted(nodes: readonly Node[] | undefined): string {
  return strings(nodes)
    .filter((part, index, all) => !(part === 'public' && index === 0 && all.length > 1))
    .join('.');
}

/** The type's own name, without `pg_catalog`: `int4`, `varchar`, `citext`. */
export function baseType(type: TypeName | undefined): string {
  const names = strings(type?.names).filter((part) => part !== 'pg_catalog');
  return `${names.join('.')}${type?.arrayBounds === undefined ? '' : '[]'}`;
}

export function typeModifiers(type: TypeName | undefined): readonly number[] {
  return (type?.typmods ?? []).map((each) => body(each, 'A_Const')?.ival?.ival ?? 0);
}

/** On one line. */
export function print(node: Node): string {
  return deparseSync(node, { pretty: false });
}

export function printType(type: TypeName | undefined): string {
  return type === undefined ? 'text' : print({ TypeName: type });
}

export function constraintsOf(nodes: readonly Node[] | undefined): readonly Constraint[] {
  return (nodes ?? []).flatMap((each) => body(each, 'Constraint') ?? []);
}

/** Visits every object of a tree; true as soon as one visit says so. */
export function some(tree: unknown, found: (node: Record<string, unknown>) => boolean): boolean {
  if (Array.isArray(tree)) return tree.some((each) => some(each, found));
  if (typeof tree !== 'object' || tree === null) return false;
  const node = tree as Record<string, unknown>;
  return found(node) || Object.values(node).some((each) => some(each, found));
}

/** Names of all columns that an expression reads. */
export function columnsIn(tree: unknown): readonly string[] {
  const names = new Set<string>();
  some(tree, ({ ColumnRef: column }) => {
    const fields = (column as { fields?: Node[] } | undefined)?.fields;
    const last = strings(fields).at(-1);
    if (last !== undefined) names.add(last);
    return false;
  });
  return [...names];
}

/** The same tree, with one column under another name wherever it occurs. */
export function replaceColumns<T>(tree: T, from: string, to: string): T {
  if (Array.isArray(tree)) return tree.map((each) => replaceColumns(each, from, to)) as T;
  if (typeof tree !== 'object' || tree === null) return tree;
  const changed = Object.entries(tree).map(([key, value]) => {
    if (key !== 'ColumnRef') return [key, replaceColumns(value, from, to)];
    const fields = (value as { fields?: Node[] }).fields ?? [];
    const isIt = strings(fields).at(-1) === from;
    return [key, isIt ? { ...value, fields: [...fields.slice(0, -1), { String: { sval: to } }] } : value];
  });
  return Object.fromEntries(changed) as T;
}
