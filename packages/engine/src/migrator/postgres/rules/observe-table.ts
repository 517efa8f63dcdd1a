// What CREATE TABLE, ADD COLUMN and ADD CONSTRAINT leave in the history.

import type { ColumnDef, Constraint, CreateStmt } from 'libpg-query';
import type { Place } from '../../lint/rule.ts';
import type { Check, History, Table } from './history.ts';
import { constraintName, isCheckOfNotNull } from './names.ts';
import { baseType, body, columnsIn, constraintsOf, nameOf, strings } from './tree.ts';

export const emptyTable = (origin: Place | undefined, partitions?: Table['partitions']): Table => ({
  columns: new Map(),
  checks: new Map(),
  notNull: new Set(),
  key: undefined,
  keys: [],
  constraints: new Map(),
  partitions,
  origin,
});

export function createTable(history: History, statement: CreateStmt): void {
  const { relation, tableElts, if_not_exists: isMaybe, partspec, partbound, inhRelations } = statement;
  const name = nameOf(relation ?? {});
  if (isMaybe === true && history.tables.has(name)) return;
  const by = (partspec?.partParams ?? []).flatMap((each) => {
    const { name: column, expr } = body(each, 'PartitionElem') ?? {};
    return column === undefined ? columnsIn(expr) : [column];
  });
  const table = emptyTable(
    history.here,
    partspec === undefined ? undefined : { by, parts: new Set(), hasDefault: false },
  );
  history.tables.set(name, table);
  const parent = history.tables.get(nameOf(body(inhRelations?.[0], 'RangeVar') ?? {}));
  if (partbound !== undefined && parent !== undefined) inherit(parent, table, name, partbound.is_default === true);
  for (const element of tableElts ?? []) {
    const column = body(element, 'ColumnDef');
    if (column !== undefined) addColumn(history, name, table, column);
    const constraint = body(element, 'Constraint');
    if (constraint !== undefined) addConstraint(history, { name, table }, constraint);
  }
}

/** A partition has the columns of its parent. */
function inherit(parent: Table, child: Table, name: string, isDefault: boolean): void {
  parent.partitions?.parts.add(name);
  if (parent.partitions !== undefined && isDefault) parent.partitions.hasDefault = true;
  for (const [column, known] of parent.columns) child.columns.set(column, known);
  for (const column of parent.notNull) child.notNull.add(column);
}

export function addColumn(history: History, name: string, table: Table, column: ColumnDef): void {
  const constraints = constraintsOf(column.constraints);
  const has = (kind: Constraint['contype']): boolean => constraints.some(({ contype }) => contype === kind);
  const columnName = column.colname ?? '';
  table.columns.set(columnName, {
    type: column.typeName,
    collation: strings(column.collClause?.collname).join('.'),
    hasDefault: has('CONSTR_DEFAULT') || has('CONSTR_IDENTITY') || has('CONSTR_GENERATED'),
    default: constraints.find(({ raw_expr, contype }) => contype !== 'CONSTR_CHECK' && raw_expr !== undefined)
      ?.raw_expr,
    isServers: has('CONSTR_IDENTITY') || has('CONSTR_GENERATED') || /serial/.test(baseType(column.typeName)),
    origin: history.here,
  });
  if (has('CONSTR_NOTNULL') || has('CONSTR_PRIMARY') || has('CONSTR_IDENTITY')) table.notNull.add(columnName);
  for (const constraint of constraints)
    if (!passive.has(constraint.contype)) addConstraint(history, { name, table, column: columnName }, constraint);
}

/** No separate constraint: what a column is, and what belongs to the constraint before. */
const passive: ReadonlySet<Constraint['contype']> = new Set([
  'CONSTR_NULL',
  'CONSTR_DEFAULT',
  'CONSTR_IDENTITY',
  'CONSTR_GENERATED',
  'CONSTR_ATTR_DEFERRABLE',
  'CONSTR_ATTR_NOT_DEFERRABLE',
  'CONSTR_ATTR_DEFERRED',
  'CONSTR_ATTR_IMMEDIATE',
]);

export interface Constrained {
  readonly name: string;
  readonly table: Table;
  /** Of a constraint that is written at its column. */
  readonly column?: string;
}

export function addConstraint(history: History, { name, table, column }: Constrained, constraint: Constraint): void {
  const { contype, indexname = '' } = constraint;
  const keys = history.indexes.get(indexname)?.columns ?? keysOf(constraint, column);
  const called = constraintName(name, constraint, column);
  if (contype === 'CONSTR_PRIMARY') {
    [table.keys, table.key] = [keys, keys.length === 1 ? keys[0] : undefined];
    for (const key of keys) table.notNull.add(key);
  }
  if (contype === 'CONSTR_UNIQUE' || contype === 'CONSTR_PRIMARY') {
    history.indexes.delete(indexname);
    history.indexes.set(called, { table: name, columns: keys, isUnique: true, node: undefined, origin: history.here });
  }
  table.constraints.set(called, { node: constraint, columns: columnsOf(constraint, keys, column) });
  if (constraint.skip_validation === true) history.file.unproven.add(`${name}.${called}`);
  if (contype === 'CONSTR_CHECK' || contype === 'CONSTR_NOTNULL')
    table.checks.set(called, checkOf(constraint, keys, history.here));
}

function keysOf({ keys }: Constraint, column: string | undefined): readonly string[] {
  return keys === undefined && column !== undefined ? [column] : strings(keys);
}

function columnsOf(
  { contype, raw_expr: expression, fk_attrs: own }: Constraint,
  keys: readonly string[],
  column: string | undefined,
): readonly string[] {
  if (expression !== undefined && contype !== 'CONSTR_DEFAULT') return columnsIn(expression);
  if (contype !== 'CONSTR_FOREIGN') return keys;
  return column === undefined ? strings(own) : [column];
}

function checkOf({ contype, raw_expr, skip_validation }: Constraint, keys: readonly string[], origin: Place): Check {
  return {
    columns: raw_expr === undefined ? keys : columnsIn(raw_expr),
    provesNotNull: contype === 'CONSTR_NOTNULL' ? keys[0] : isCheckOfNotNull(raw_expr),
    isValid: skip_validation !== true,
    origin,
  };
}
