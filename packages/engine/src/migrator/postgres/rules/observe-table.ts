// What CREATE TABLE, ADD COLUMN and ADD CONSTRAINT leave in the history.

import type { ColumnDef, Constraint, CreateStmt } from 'libpg-query';
import type { Place } from '../../lint/rule.ts';
import type { History, Table } from './history.ts';
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
    if (constraint !== undefined) addConstraint(history, name, table, constraint);
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
    if (!passive.has(constraint.contype)) addConstraint(history, name, table, constraint, columnName);
}

/** Not a constraint of its own: what a column is, and what belongs to the constraint before. */
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

export function addConstraint(
  history: History,
  name: string,
  table: Table,
  constraint: Constraint,
  column?: string,
): void {
  const using = history.indexes.get(constraint.indexname ?? '');
  const keys =
    using?.columns ?? (constraint.keys === undefined && column !== undefined ? [column] : strings(constraint.keys));
  if (constraint.contype === 'CONSTR_PRIMARY') {
    [table.keys, table.key] = [keys, keys.length === 1 ? keys[0] : undefined];
    for (const key of keys) table.notNull.add(key);
  }
  const called = constraintName(name, constraint, column);
  if (constraint.contype === 'CONSTR_UNIQUE' || constraint.contype === 'CONSTR_PRIMARY') {
    if (using !== undefined) history.indexes.delete(constraint.indexname ?? '');
    history.indexes.set(called, { table: name, columns: keys, isUnique: true, node: undefined, origin: history.here });
  }
  const own =
    constraint.contype === 'CONSTR_FOREIGN' ? (column === undefined ? strings(constraint.fk_attrs) : [column]) : keys;
  table.constraints.set(called, {
    node: constraint,
    columns:
      constraint.raw_expr === undefined || constraint.contype === 'CONSTR_DEFAULT'
        ? own
        : columnsIn(constraint.raw_expr),
  });
  if (constraint.skip_validation === true) history.file.unproven.add(`${name}.${called}`);
  if (constraint.contype === 'CONSTR_CHECK' || constraint.contype === 'CONSTR_NOTNULL')
    table.checks.set(called, {
      columns: constraint.raw_expr === undefined ? keys : columnsIn(constraint.raw_expr),
      provesNotNull: constraint.contype === 'CONSTR_NOTNULL' ? keys[0] : isCheckOfNotNull(constraint.raw_expr),
      isValid: constraint.skip_validation !== true,
      origin: history.here,
    });
}
