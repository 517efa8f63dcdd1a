// What a statement reads and writes, from PostgreSQL's own tree of it.

import type { Node, RangeVar } from 'libpg-query';
import { type Gathered, nothingGathered, useOfMentions } from '../../evidence/mentions.ts';
import { theTable, type Use } from '../../evidence/needs.ts';
import { parsePostgres } from '../parse.ts';

/** Undefined for what is not one statement of the grammar. The grammar must be loaded. */
export function readPostgresUse(statement: string): Use | undefined {
  const parsed = parsePostgres(statement);
  const [only, ...more] = parsed.ok ? parsed.statements : [];
  if (only === undefined || more.length > 0) return undefined;
  const gathered = nothingGathered();
  walk(only.node, gathered);
  return useOfMentions(gathered);
}

function walk(value: unknown, gathered: Gathered): void {
  if (Array.isArray(value)) for (const each of value) walk(each, gathered);
  else if (typeof value === 'object' && value !== null)
    for (const [kind, child] of Object.entries(value)) {
      gather({ [kind]: child } as unknown as Node, gathered);
      walk(child, gathered);
    }
}

function gather(node: Node, gathered: Gathered): void {
  if ('RangeVar' in node) gatherTable(node.RangeVar, gathered);
  else if ('CommonTableExpr' in node) gathered.own.push(node.CommonTableExpr.ctename ?? '');
  else if ('ColumnRef' in node) gatherColumn(namesOf(node.ColumnRef.fields), gathered);
  else if ('IndexElem' in node) gathered.columns.push({ of: undefined, name: node.IndexElem.name ?? '' });
  else if ('FuncCall' in node) gathered.routines.push(dotted(namesOf(node.FuncCall.funcname)));
  else gatherWrite(node, gathered);
}

function gatherWrite(node: Node, gathered: Gathered): void {
  if ('InsertStmt' in node) {
    const { relation, cols, selectStmt, onConflictClause } = node.InsertStmt;
    const table = gatherTable(relation, gathered);
    const columns = cols?.map(targetOf);
    gathered.inserts.push({ table, columns, values: countValues(selectStmt) });
    gathered.written.push({ table, columns });
    if (onConflictClause?.targetList)
      gathered.written.push({ table, columns: onConflictClause.targetList.map(targetOf) });
  } else if ('UpdateStmt' in node) {
    const table = gatherTable(node.UpdateStmt.relation, gathered);
    gathered.written.push({ table, columns: (node.UpdateStmt.targetList ?? []).map(targetOf) });
  } else if ('DeleteStmt' in node) {
    gathered.written.push({ table: theTable(gatherTable(node.DeleteStmt.relation, gathered)), columns: undefined });
  } else if ('MergeStmt' in node) {
    gathered.written.push({ table: gatherTable(node.MergeStmt.relation, gathered), columns: undefined });
  }
}

function gatherTable(range: RangeVar | undefined, gathered: Gathered): string {
  const { schemaname, relname = '', alias } = range ?? {};
  const name = dotted([schemaname, relname]);
  gathered.tables.push({ name, alias: alias?.aliasname });
  return name;
}

function gatherColumn(names: readonly string[], gathered: Gathered): void {
  const of = names.at(-2);
  const name = names.at(-1) ?? '';
  if (name === '*') gathered.stars.push(of);
  else gathered.columns.push({ of, name });
}

function namesOf(fields: readonly Node[] | undefined): readonly string[] {
  return (fields ?? []).map((field) => ('String' in field ? (field.String.sval ?? '') : '*'));
}

const targetOf = (node: Node): string => ('ResTarget' in node ? (node.ResTarget.name ?? '') : '');

/** Of the rows that the statement contains; undefined where another query supplies them. */
function countValues(node: Node | undefined): number | undefined {
  const [first] = (node && 'SelectStmt' in node ? node.SelectStmt.valuesLists : undefined) ?? [];
  // DEFAULT VALUES gives none.
  if (node === undefined) return 0;
  return first && 'List' in first ? first.List.items?.length : undefined;
}

/** As one writes it: without the default schema. */
const dotted = (names: readonly (string | undefined)[]): string =>
  names.filter((name) => name !== undefined && name !== 'public' && name !== 'pg_catalog').join('.');
