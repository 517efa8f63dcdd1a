// What the statements so far made of the schema. Names have no case in SQLite.

import type { AlterTableStmt, ColumnDefinition, CreateTableStmt, QualifiedName } from 'sqlite3-parser';
import { isNew, type Origin, type Place } from '../../lint/rule.ts';
import { type SqliteStatement, wordsOf } from '../parse.ts';

interface Table {
  readonly columns: Map<string, Origin>;
  /** Type and constraints of each column, as they were written. */
  readonly definitions: Map<string, Definition>;
  /** One column that is never NULL, or `rowid`; undefined where the table is not shown. */
  key: string | undefined;
  /** What was written of the table as a whole. */
  readonly text: string;
  readonly origin: Origin | undefined;
}

export interface Definition {
  readonly type: string;
  readonly isRequired: boolean;
  /** Something else than a type and NOT NULL was said: a default, a key, a check, a reference. */
  readonly hasMore: boolean;
}

export interface History {
  readonly tables: Map<string, Table>;
  /** Unique indexes over one column, as `table.column`. */
  readonly unique: Set<string>;
  /** Tables of indexes; views and triggers with their table, where there is one. */
  readonly objects: Map<
    string,
    { readonly origin: Origin; readonly table: string | undefined; readonly text: string; readonly kind: string }
  >;
  here: Place;
  statements: readonly SqliteStatement[];
  /** Which table takes a name in this file, by that name. */
  takers: ReadonlyMap<string, string>;
}

const nowhere = {
  file: '',
  stage: 'expand',
  text: '',
  checksum: '',
  transaction: true,
  sync: false,
  accepted: [],
} as const;

export const emptyHistory = (): History => ({
  tables: new Map(),
  unique: new Set(),
  objects: new Map(),
  here: { file: nowhere, isFresh: false },
  statements: [],
  takers: new Map(),
});

export const plain = (name: QualifiedName | { readonly text: string }): string =>
  unquoted('text' in name ? name.text : name.objName.text).toLowerCase();

const unquoted = (name: string): string => (/^["'`[]/.test(name) ? name.slice(1, -1) : name);

export const isNewTable = (history: History, table: string): boolean =>
  isNew(history.tables.get(table)?.origin, history.here);

export const isNewColumn = (history: History, table: string, column: string): boolean =>
  isNewTable(history, table) || isNew(history.tables.get(table)?.columns.get(column), history.here);

export const isNewObject = (history: History, name: string): boolean => {
  const object = history.objects.get(name);
  return isNew(object?.origin, history.here) || (object?.table !== undefined && isNewTable(history, object.table));
};

/** Indexes, views and triggers that say both names, and tables that reference the column. */
export function mentionsOf(history: History, table: string, column: string): readonly string[] {
  const [ofTable, ofColumn] = [wordOf(table), wordOf(column)];
  const found: string[] = [];
  for (const [name, { kind, text, table: of }] of history.objects)
    if ((of === table || ofTable.test(text)) && (ofColumn.test(text) || text.includes('*')))
      found.push(`the ${kind} ${name}`);
  // Tables that these migrations do not create have no text.
  for (const [name, { text }] of history.tables)
    if (text !== '' && name !== table && /references/i.test(text) && ofTable.test(text) && ofColumn.test(text))
      found.push(`the table ${name}`);
  return found;
}

const wordOf = (name: string): RegExp =>
  new RegExp(`(?<![\\w$])${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w$])`, 'i');

export const isKnownTable = (history: History, table: string): boolean =>
  history.tables.get(table)?.origin !== undefined;

export const keyOf = (history: History, table: string): string => history.tables.get(table)?.key ?? 'id';

export function enter(history: History, here: Place, statements: readonly SqliteStatement[]): void {
  history.here = here;
  history.statements = statements;
  history.takers = new Map(
    statements.flatMap(({ node }) =>
      node.type === 'AlterTableStmt' && node.body.type === 'RenameToAlterTableBody'
        ? [[plain(node.body.name), plain(node.tblName)] as const]
        : [],
    ),
  );
}

export function observe(history: History, statement: SqliteStatement): void {
  const { node, text } = statement;
  const { here, objects, tables } = history;
  switch (node.type) {
    case 'CreateTableStmt':
      createTable(history, node, statement);
      break;
    case 'CreateIndexStmt': {
      const [column, second] = node.columns;
      objects.set(plain(node.idxName), { origin: here, table: plain(node.tblName), text, kind: 'index' });
      if (node.unique && second === undefined && column?.expr.type === 'Id')
        history.unique.add(`${plain(node.tblName)}.${unquoted(column.expr.name).toLowerCase()}`);
      break;
    }
    case 'CreateViewStmt':
      objects.set(plain(node.viewName), { origin: here, table: undefined, text, kind: 'view' });
      break;
    case 'CreateTriggerStmt':
      objects.set(plain(node.triggerName), { origin: here, table: plain(node.tblName), text, kind: 'trigger' });
      break;
    case 'CreateVirtualTableStmt':
      tables.set(plain(node.tblName), { ...emptyTable(here, text), key: 'rowid' });
      break;
    case 'DropViewStmt':
      objects.delete(plain(node.viewName));
      break;
    case 'DropIndexStmt':
      objects.delete(plain(node.idxName));
      break;
    case 'DropTriggerStmt':
      objects.delete(plain(node.triggerName));
      break;
    case 'DropTableStmt':
      tables.delete(plain(node.tblName));
      break;
    case 'AlterTableStmt':
      alter(history, plain(node.tblName), node.body, statement);
      break;
    default:
  }
}

const emptyTable = (origin: Origin | undefined, text: string): Table => ({
  columns: new Map(),
  definitions: new Map(),
  key: undefined,
  text,
  origin,
});

function createTable({ tables, here }: History, { tblName, body }: CreateTableStmt, statement: SqliteStatement): void {
  const table = emptyTable(here, statement.text);
  tables.set(plain(tblName), table);
  if (body.type !== 'ColumnsAndConstraintsCreateTableBody') {
    table.key = 'rowid';
    return;
  }
  for (const column of body.columns) addColumn(table, column, here, statement);
  const primary = body.columns.find(isPrimary);
  const first = /PRIMARY\s+KEY\s*\(\s*["`[]?([\w$]+)/i.exec(statement.text)?.[1]?.toLowerCase();
  const isWithoutRowid = /WITHOUT\s+ROWID/i.test(statement.text);
  table.key =
    primary !== undefined && (isWithoutRowid || isNeverNull(primary))
      ? plain(primary.colName)
      : isWithoutRowid
        ? first
        : 'rowid';
}

/** SQLite lets every other primary key be NULL. */
const isNeverNull = ({ colType, constraints }: ColumnDefinition): boolean =>
  colType?.name.toLowerCase() === 'integer' ||
  constraints.some(({ constraint }) => constraint.type === 'NotNullColumnConstraint' && !constraint.nullable);

function addColumn(table: Table, column: ColumnDefinition, here: Place, statement: SqliteStatement): void {
  const kinds = column.constraints.map(({ constraint }) => constraint);
  table.columns.set(plain(column.colName), here);
  table.definitions.set(plain(column.colName), {
    type: column.colType === undefined ? '' : wordsOf(statement, column.colType.span).trim(),
    isRequired: kinds.some((each) => each.type === 'NotNullColumnConstraint' && !each.nullable),
    hasMore: kinds.some(({ type }) => type !== 'NotNullColumnConstraint'),
  });
}

const isPrimary = ({ constraints }: ColumnDefinition): boolean =>
  constraints.some(({ constraint }) => constraint.type === 'PrimaryKeyColumnConstraint');

function alter(
  { tables, here }: History,
  name: string,
  body: AlterTableStmt['body'],
  statement: SqliteStatement,
): void {
  const table: Table = tables.get(name) ?? emptyTable(undefined, '');
  tables.set(name, table);
  if (body.type === 'AddColumnAlterTableBody') addColumn(table, body.column, here, statement);
  if (body.type === 'DropColumnAlterTableBody') table.columns.delete(plain(body.column));
  if (body.type === 'RenameToAlterTableBody') {
    tables.delete(name);
    tables.set(plain(body.name), table);
  }
}
