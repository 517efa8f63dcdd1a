// What the statements so far made of the schema, as far as rules ask: what is new, so that no service can be using it.

import { isNew, type Origin, type Place } from '../../lint/rule.ts';
import { isWord, type MariadbStatement } from '../parse.ts';
import { addedColumns, type ColumnDefinition, changedColumns, createdColumns } from './alteration.ts';
import { after, begins, nameOf, readName, says } from './tokens-of.ts';

export interface History {
  readonly tables: Map<string, Origin>;
  /** By `table.column`. */
  readonly columns: Map<string, Origin>;
  /** Definitions of columns, by `table.column`, as far as these migrations show them. */
  readonly definitions: Map<string, ColumnDefinition>;
  /** Views, triggers, routines, events and sequences, by name. */
  readonly objects: Map<string, Origin>;
  /** The primary key, or its first column, by table. */
  readonly keys: Map<string, string>;
  here: Place;
}

const nowhere: Place = {
  file: { file: '', stage: 'expand', text: '', checksum: '', transaction: true, sync: false, accepted: [] },
  isFresh: false,
};

export const emptyHistory = (): History => ({
  tables: new Map(),
  columns: new Map(),
  definitions: new Map(),
  objects: new Map(),
  keys: new Map(),
  here: nowhere,
});

export function enter(history: History, place: Place): void {
  history.here = place;
}

export const isNewTable = ({ tables, here }: History, table: string): boolean => isNew(tables.get(table), here);

export const isNewColumn = (history: History, table: string, column: string): boolean =>
  isNewTable(history, table) || isNew(history.columns.get(`${table}.${column}`), history.here);

export const isNewObject = ({ objects, here }: History, name: string): boolean => isNew(objects.get(name), here);

/** A key to go through the table by; `id` where it is not known. */
export const keyOf = ({ keys }: History, table: string): string => keys.get(table) ?? 'id';

/** False for a table that these migrations show without one. */
export const hasKey = ({ keys, tables }: History, table: string): boolean => keys.has(table) || !tables.has(table);

export function observe(history: History, statement: MariadbStatement): void {
  const { tables, columns, definitions, objects, keys, here } = history;
  for (const added of addedColumns(statement)) {
    columns.set(`${added.table}.${added.column}`, here);
    definitions.set(`${added.table}.${added.column}`, added);
  }
  for (const changed of changedColumns(statement)) definitions.set(`${changed.table}.${changed.newName}`, changed);
  const created = createdObject(statement);
  if (created?.kind === 'TABLE') {
    tables.set(created.name, here);
    for (const each of createdColumns(statement, created.name)) {
      definitions.set(`${created.name}.${each.column}`, each);
      if (says(each.tokens, 'PRIMARY', 'KEY')) keys.set(created.name, each.column);
    }
    const [, quotedName, bare] = /\bPRIMARY\s+KEY\s*\(\s*(?:`([^`]+)`|([\w$]+))/i.exec(statement.text) ?? [];
    const first = quotedName ?? bare;
    if (first !== undefined && !keys.has(created.name)) keys.set(created.name, first.toLowerCase());
  } else if (created) objects.set(created.name, here);
  for (const [from, to] of renamedTables(statement)) {
    const origin = tables.get(from);
    if (origin) tables.set(to, origin);
    tables.delete(from);
  }
}

const kinds = ['TABLE', 'VIEW', 'TRIGGER', 'PROCEDURE', 'FUNCTION', 'EVENT', 'SEQUENCE'];

/** What a CREATE makes, options such as a definer skipped. */
export function createdObject({
  tokens,
}: MariadbStatement): { readonly kind: string; readonly name: string } | undefined {
  if (!begins(tokens, 'CREATE')) return undefined;
  const at = tokens.findIndex((token, index) => index < 14 && isWord(token, ...kinds));
  if (at === -1 || tokens.slice(0, at).some((token) => isWord(token, 'INDEX', 'USER', 'ROLE'))) return undefined;
  const { name } = readName(after(tokens.slice(at + 1), 'IF', 'NOT', 'EXISTS'));
  return { kind: tokens[at]?.text.toUpperCase() ?? '', name };
}

/** RENAME TABLE a TO b, c TO d. */
export function renamedTables({ tokens }: MariadbStatement): readonly (readonly [string, string])[] {
  if (!begins(tokens, 'RENAME') || !isWord(tokens[1], 'TABLE', 'TABLES')) return [];
  const pairs: [string, string][] = [];
  let rest: readonly (typeof tokens)[number][] = after(tokens.slice(2), 'IF', 'EXISTS');
  while (rest.length > 0) {
    const from = readName(rest);
    const to = readName(after(from.rest, 'TO'));
    pairs.push([from.name, to.name]);
    if (nameOf(to.rest[0]) !== ',') break;
    rest = to.rest.slice(1);
  }
  return pairs;
}
