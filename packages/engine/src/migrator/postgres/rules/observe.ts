// A statement has happened: what the history knows afterwards.

import type { ColumnDef, Constraint, CreateStmt, DropStmt, RenameStmt } from 'libpg-query';
import type { Place } from '../../lint/rule.ts';
import type { PostgresStatement } from '../parse.ts';
import { type Check, disabledKey, freshMemory, type History, isNewTable, type Table } from './history.ts';
import { constraintName, isCheckOfNotNull, triggerKey } from './names.ts';
import { type Alteration, alterations, body, columnsIn, constraintsOf, dotted, nameOf, strings } from './tree.ts';
import { dataTarget, lockedTable } from './weight.ts';

export function enter(history: History, here: Place, statements: readonly PostgresStatement[]): void {
  history.here = here;
  history.file = freshMemory(statements);
}

export function observe(history: History, statement: PostgresStatement): void {
  const { node } = statement;
  weigh(history, statement);
  for (const alteration of alterations(statement)) alter(history, alteration);
  const create = body(node, 'CreateStmt');
  if (create !== undefined) createTable(history, create);
  const copied = body(node, 'CreateTableAsStmt')?.into?.rel;
  if (copied !== undefined) history.tables.set(nameOf(copied), emptyTable(history.here));
  const drop = body(node, 'DropStmt');
  if (drop !== undefined) forget(history, drop);
  const rename = body(node, 'RenameStmt');
  if (rename !== undefined) renamed(history, rename);
  observeObjects(history, statement);
}

/** What the file holds locked by now, and whether it changed rows. */
function weigh(history: History, statement: PostgresStatement): void {
  const { file } = history;
  const target = dataTarget(statement);
  const locked = lockedTable(statement);
  if (locked !== undefined && !isNewTable(history, locked)) file.lockedTables.add(locked);
  if (target !== undefined && !isNewTable(history, target)) file.didChangeData = true;
}

function observeObjects(history: History, { node }: PostgresStatement): void {
  const note = (name: string): unknown => history.objects.set(name, history.here);
  const index = body(node, 'IndexStmt');
  if (index?.relation !== undefined)
    history.indexes.set(index.idxname ?? '', {
      table: nameOf(index.relation),
      columns: (index.indexParams ?? []).flatMap((each) => {
        const element = body(each, 'IndexElem');
        return element?.name === undefined ? columnsIn(element?.expr) : [element.name];
      }),
      isUnique: index.unique === true,
      origin: history.here,
    });
  const view = body(node, 'ViewStmt')?.view;
  if (view !== undefined && !history.objects.has(nameOf(view))) note(nameOf(view));
  const routine = body(node, 'CreateFunctionStmt');
  if (routine !== undefined && !history.objects.has(dotted(routine.funcname))) note(dotted(routine.funcname));
  const trigger = body(node, 'CreateTrigStmt');
  if (trigger !== undefined) note(triggerKey(trigger.trigname, nameOf(trigger.relation ?? {})));
  const materialized = body(node, 'CreateTableAsStmt');
  if (materialized?.objtype === 'OBJECT_MATVIEW') note(nameOf(materialized.into?.rel ?? {}));
  const named = body(node, 'CreateEnumStmt')?.typeName ?? body(node, 'CreateDomainStmt')?.domainname;
  if (named !== undefined) note(dotted(named));
  const sequence = body(node, 'CreateSeqStmt')?.sequence;
  if (sequence !== undefined) note(nameOf(sequence));
  const domain = body(node, 'CreateDomainStmt');
  if (domain?.constraints !== undefined && domain.typeName !== undefined)
    history.domains.set(dotted(domain.domainname), domain.typeName);
  const value = body(node, 'AlterEnumStmt');
  if (value?.newVal !== undefined && value.oldVal === undefined) history.file.enumValues.add(value.newVal);
}

const emptyTable = (origin: Place | undefined): Table => ({
  columns: new Map(),
  checks: new Map(),
  notNull: new Set(),
  key: undefined,
  origin,
});

function createTable(history: History, { relation, tableElts, if_not_exists: isMaybe }: CreateStmt): void {
  const name = nameOf(relation ?? {});
  if (isMaybe === true && history.tables.has(name)) return;
  const table = emptyTable(history.here);
  history.tables.set(name, table);
  for (const element of tableElts ?? []) {
    const column = body(element, 'ColumnDef');
    if (column !== undefined) addColumn(history, name, table, column);
    const constraint = body(element, 'Constraint');
    if (constraint !== undefined) addConstraint(history, name, table, constraint);
  }
}

function addColumn(history: History, name: string, table: Table, column: ColumnDef): void {
  const constraints = constraintsOf(column.constraints);
  const has = (kind: Constraint['contype']): boolean => constraints.some(({ contype }) => contype === kind);
  const columnName = column.colname ?? '';
  table.columns.set(columnName, {
    type: column.typeName,
    collation: strings(column.collClause?.collname).join('.'),
    hasDefault: has('CONSTR_DEFAULT') || has('CONSTR_IDENTITY') || has('CONSTR_GENERATED'),
    origin: history.here,
  });
  if (has('CONSTR_NOTNULL') || has('CONSTR_PRIMARY') || has('CONSTR_IDENTITY')) table.notNull.add(columnName);
  if (has('CONSTR_PRIMARY')) table.key = columnName;
  for (const constraint of constraints) addConstraint(history, name, table, constraint, columnName);
}

function addConstraint(history: History, name: string, table: Table, constraint: Constraint, column?: string): void {
  const keys = strings(constraint.keys);
  if (constraint.contype === 'CONSTR_PRIMARY') {
    if (keys.length === 1) table.key = keys[0];
    for (const key of keys) table.notNull.add(key);
  }
  const called = constraintName(name, constraint, column);
  if (constraint.contype === 'CONSTR_UNIQUE' && constraint.indexname === undefined) {
    const columns = keys.length > 0 ? keys : [column ?? ''];
    history.indexes.set(called, { table: name, columns, isUnique: true, origin: history.here });
  }
  if (constraint.skip_validation === true) history.file.unproven.add(`${name}.${called}`);
  if (constraint.contype === 'CONSTR_CHECK' || constraint.contype === 'CONSTR_NOTNULL')
    table.checks.set(called, {
      columns: keys.length > 0 ? keys : columnsIn(constraint.raw_expr),
      provesNotNull: constraint.contype === 'CONSTR_NOTNULL' ? keys[0] : isCheckOfNotNull(constraint.raw_expr),
      isValid: constraint.skip_validation !== true,
      origin: history.here,
    });
}

function change(
  table: Table,
  name: string,
  to: Partial<Table['columns'] extends Map<string, infer C> ? C : never>,
): void {
  const column = table.columns.get(name);
  if (column !== undefined) table.columns.set(name, { ...column, ...to });
}

function alter(history: History, { table: name, command }: Alteration): void {
  const table = history.tables.get(name) ?? emptyTable(undefined);
  history.tables.set(name, table);
  const { subtype, name: target = '', def } = command;
  const column = body(def, 'ColumnDef');
  const constraint = body(def, 'Constraint');
  if (subtype === 'AT_AddColumn' && column !== undefined) addColumn(history, name, table, column);
  if (subtype === 'AT_AddConstraint' && constraint !== undefined) addConstraint(history, name, table, constraint);
  if (subtype === 'AT_DropColumn') table.columns.delete(target);
  if (subtype === 'AT_DropConstraint') table.checks.delete(target);
  if (subtype === 'AT_SetNotNull') table.notNull.add(target);
  if (subtype === 'AT_DropNotNull') table.notNull.delete(target);
  if (subtype === 'AT_ColumnDefault') change(table, target, { hasDefault: def !== undefined });
  if (subtype === 'AT_AlterColumnType')
    change(table, target, { type: column?.typeName, collation: strings(column?.collClause?.collname).join('.') });
  if (subtype !== undefined && /^AT_Disable(?:Trig|Rule)/.test(subtype))
    history.file.disabled.add(disabledKey(name, subtype, target));
  if (subtype === 'AT_ValidateConstraint') {
    const check: Check | undefined = table.checks.get(target);
    if (check !== undefined) table.checks.set(target, { ...check, isValid: true });
  }
}

function forget(history: History, { removeType, objects }: DropStmt): void {
  for (const object of objects ?? []) {
    const name = dotted(body(object, 'List')?.items);
    if (removeType === 'OBJECT_TABLE') history.tables.delete(name);
    if (removeType === 'OBJECT_INDEX') history.indexes.delete(name);
    history.objects.delete(name);
  }
}

function renamed(history: History, { renameType, relation, subname, newname = '' }: RenameStmt): void {
  const name = nameOf(relation ?? {});
  const table = history.tables.get(name);
  if (table === undefined) return;
  if (renameType === 'OBJECT_TABLE') {
    history.tables.delete(name);
    history.tables.set(newname, table);
  }
  const column = table.columns.get(subname ?? '');
  if (renameType === 'OBJECT_COLUMN' && column !== undefined) {
    table.columns.delete(subname ?? '');
    table.columns.set(newname, column);
  }
}
