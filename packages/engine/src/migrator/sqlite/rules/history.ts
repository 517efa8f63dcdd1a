// What the statements so far made of the schema. Names have no case in SQLite.

import type { ColumnDefinition, CreateTableStmt, QualifiedName } from 'sqlite3-parser';
import { isNew, type Origin, type Place } from '../../lint/rule.ts';
import type { SqliteStatement } from '../parse.ts';

interface Table {
  readonly columns: Map<string, Origin>;
  key: string | undefined;
  readonly origin: Origin | undefined;
}

export interface History {
  readonly tables: Map<string, Table>;
  /** Unique indexes over one column, as `table.column`. */
  readonly unique: Set<string>;
  /** Tables of indexes; views and triggers with their table, where there is one. */
  readonly objects: Map<string, { readonly origin: Origin; readonly table: string | undefined }>;
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

export function observe(history: History, { node }: SqliteStatement): void {
  const { here, objects, tables } = history;
  switch (node.type) {
    case 'CreateTableStmt':
      createTable(history, node);
      break;
    case 'CreateIndexStmt': {
      const [column, second] = node.columns;
      objects.set(plain(node.idxName), { origin: here, table: plain(node.tblName) });
      if (node.unique && second === undefined && column?.expr.type === 'Id')
        history.unique.add(`${plain(node.tblName)}.${unquoted(column.expr.name).toLowerCase()}`);
      break;
    }
    case 'CreateViewStmt':
      objects.set(plain(node.viewName), { origin: here, table: undefined });
      break;
    case 'CreateTriggerStmt':
      objects.set(plain(node.triggerName), { origin: here, table: plain(node.tblName) });
      break;
    case 'CreateVirtualTableStmt':
      tables.set(plain(node.tblName), { columns: new Map(), key: 'rowid', origin: here });
      break;
    case 'DropTableStmt':
      tables.delete(plain(node.tblName));
      break;
    case 'AlterTableStmt':
      alter(history, plain(node.tblName), node.body);
      break;
    default:
  }
}

function createTable({ tables, here }: History, { tblName, body }: CreateTableStmt): void {
  const table: Table = { columns: new Map(), key: undefined, origin: here };
  tables.set(plain(tblName), table);
  if (body.type !== 'ColumnsAndConstraintsCreateTableBody') return;
  for (const column of body.columns) {
    table.columns.set(plain(column.colName), here);
    if (isPrimary(column)) table.key = plain(column.colName);
  }
}

const isPrimary = ({ constraints }: ColumnDefinition): boolean =>
  constraints.some(({ constraint }) => constraint.type === 'PrimaryKeyColumnConstraint');

function alter(
  { tables, here }: History,
  name: string,
  body: (SqliteStatement['node'] & { type: 'AlterTableStmt' })['body'],
): void {
  const table: Table = tables.get(name) ?? { columns: new Map(), key: undefined, origin: undefined };
  tables.set(name, table);
  if (body.type === 'AddColumnAlterTableBody') table.columns.set(plain(body.column.colName), here);
  if (body.type === 'DropColumnAlterTableBody') table.columns.delete(plain(body.column));
  if (body.type === 'RenameToAlterTableBody') {
    tables.delete(name);
    tables.set(plain(body.name), table);
  }
}
