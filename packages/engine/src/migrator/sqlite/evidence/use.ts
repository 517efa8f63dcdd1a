// What a statement reads and writes, from SQLite's tree of it.

import type { InsertStmt, QualifiedName } from 'sqlite3-parser';
import { type Gathered, nothingGathered, useOfMentions } from '../../evidence/mentions.ts';
import { theTable, type Use } from '../../evidence/needs.ts';
import { parseSqlite } from '../parse.ts';

/** Undefined for what is not one statement of the grammar. */
export function readSqliteUse(statement: string): Use | undefined {
  const parsed = parseSqlite(statement);
  const [only, ...more] = parsed.ok ? parsed.statements : [];
  if (only === undefined || more.length > 0) return undefined;
  const gathered = nothingGathered();
  walk(only.node, gathered);
  return useOfMentions(gathered);
}

/** The parts of the grammar that name something. */
type Naming =
  | { readonly type: 'TableSelectTable'; readonly tblName: QualifiedName; readonly alias?: { readonly name: Name } }
  | { readonly type: 'CommonTableExpr'; readonly tblName: Name }
  | { readonly type: 'Id'; readonly name: string }
  | { readonly type: 'QualifiedExpr'; readonly table: Name; readonly column: Name }
  | { readonly type: 'StarResultColumn' }
  | { readonly type: 'TableStarResultColumn'; readonly table: Name }
  | InsertStmt
  | { readonly type: 'UpdateStmt'; readonly tblName: QualifiedName; readonly sets: readonly Assignment[] }
  | { readonly type: 'DeleteStmt'; readonly tblName: QualifiedName };

interface Name {
  readonly text: string;
}

interface Assignment {
  readonly colNames: readonly Name[];
}

function walk(value: unknown, gathered: Gathered): void {
  if (Array.isArray(value)) for (const each of value) walk(each, gathered);
  else if (typeof value === 'object' && value !== null) {
    if ('type' in value) gather(value as Naming, gathered);
    // A function's name is an Id like a column's.
    for (const [key, child] of Object.entries(value)) if (!(key === 'name' && isCall(value))) walk(child, gathered);
  }
}

const isCall = (node: object): boolean => 'type' in node && String(node.type).startsWith('FunctionCall');

function gather(node: Naming, gathered: Gathered): void {
  switch (node.type) {
    case 'TableSelectTable':
      gathered.tables.push({ name: nameOf(node.tblName), alias: node.alias?.name.text });
      break;
    case 'CommonTableExpr':
      gathered.own.push(node.tblName.text);
      break;
    case 'Id':
      gathered.columns.push({ of: undefined, name: node.name });
      break;
    case 'QualifiedExpr':
      gathered.columns.push({ of: node.table.text, name: node.column.text });
      break;
    case 'StarResultColumn':
      gathered.stars.push(undefined);
      break;
    case 'TableStarResultColumn':
      gathered.stars.push(node.table.text);
      break;
    case 'InsertStmt':
      gatherInsert(node, gathered);
      break;
    case 'UpdateStmt':
      gatherTarget(node.tblName, gathered);
      gathered.written.push({ table: nameOf(node.tblName), columns: assigned(node.sets) });
      break;
    case 'DeleteStmt':
      gatherTarget(node.tblName, gathered);
      gathered.written.push({ table: theTable(nameOf(node.tblName)), columns: undefined });
      break;
    default:
      // Every other node names nothing by itself.
      node satisfies never;
  }
}

function gatherInsert(node: InsertStmt, gathered: Gathered): void {
  const table = nameOf(node.tblName);
  const columns = node.columns?.map(({ text }) => text);
  gatherTarget(node.tblName, gathered);
  gathered.written.push({ table, columns });
  gathered.inserts.push({ table, columns, values: countValues(node) });
  let upsert = node.body.type === 'SelectInsertBody' ? node.body.upsert : undefined;
  for (; upsert !== undefined; upsert = upsert.next)
    if (upsert.doClause.type === 'SetUpsertDo')
      gathered.written.push({ table, columns: assigned(upsert.doClause.sets) });
}

/** Of the rows that the statement contains; undefined where another query supplies them. */
function countValues({ body }: InsertStmt): number | undefined {
  if (body.type !== 'SelectInsertBody') return 0;
  const { select } = body.select;
  return select.type === 'SelectValues' ? select.values[0]?.values.length : undefined;
}

const gatherTarget = (name: QualifiedName, gathered: Gathered): void =>
  void gathered.tables.push({ name: nameOf(name), alias: undefined });

const assigned = (sets: readonly Assignment[]): readonly string[] =>
  sets.flatMap(({ colNames }) => colNames.map(({ text }) => text));

const nameOf = ({ dbName, objName }: QualifiedName): string =>
  dbName === undefined || dbName.text.toLowerCase() === 'main' ? objName.text : `${dbName.text}.${objName.text}`;
