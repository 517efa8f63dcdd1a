// A statement has happened: what the history knows afterwards.

import type { DropStmt, Node, RangeVar, RenameStmt } from 'libpg-query';
import type { Place } from '../../lint/rule.ts';
import type { PostgresStatement } from '../parse.ts';
import { type Check, disabledKey, freshMemory, type History, isNewTable, type Table } from './history.ts';
import { indexName, triggerKey } from './names.ts';
import { addColumn, addConstraint, createTable, emptyTable } from './observe-table.ts';
import { readerIn } from './readers.ts';
import {
  type Alteration,
  alterations,
  body,
  columnsIn,
  constraintsOf,
  dotted,
  nameOf,
  replaceColumns,
  strings,
} from './tree.ts';
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
    history.indexes.set(inSchemaOf(index.relation, index.idxname ?? indexName(index)), {
      table: nameOf(index.relation),
      columns: (index.indexParams ?? []).flatMap((each) => {
        const element = body(each, 'IndexElem');
        return element?.name === undefined ? columnsIn(element?.expr) : [element.name];
      }),
      isUnique: index.unique === true,
      node: index,
      origin: history.here,
    });
  const reader = readerIn(node);
  if (reader !== undefined) history.readers.set(reader.name, reader);
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
    history.domains.set(dotted(domain.domainname), {
      type: domain.typeName,
      checks: constraintsOf(domain.constraints).filter(({ contype }) => contype === 'CONSTR_CHECK'),
    });
  const value = body(node, 'AlterEnumStmt');
  if (value?.newVal !== undefined && value.oldVal === undefined) history.file.enumValues.add(value.newVal);
}

/** An index is in the schema of its table. */
const inSchemaOf = ({ schemaname }: RangeVar, relname: string): string =>
  nameOf(schemaname === undefined ? { relname } : { schemaname, relname });

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
  const child = nameOf(body(def, 'PartitionCmd')?.name ?? {});
  switch (subtype) {
    case 'AT_AddColumn':
      if (column !== undefined) addColumn(history, name, table, column);
      break;
    case 'AT_AddConstraint':
      if (constraint !== undefined) addConstraint(history, { name, table }, constraint);
      break;
    case 'AT_DropColumn':
      dropColumn(history, name, table, target);
      break;
    case 'AT_DropConstraint':
      dropConstraint(history, table, target);
      break;
    case 'AT_AttachPartition':
      table.partitions?.parts.add(child);
      break;
    case 'AT_DetachPartition':
      table.partitions?.parts.delete(child);
      break;
    case 'AT_ValidateConstraint':
      validateCheck(table, target);
      break;
    default:
      if (subtype !== undefined && /^AT_Disable(?:Trig|Rule)/.test(subtype))
        history.file.disabled.add(disabledKey(name, subtype, target));
      alterColumn(table, command);
  }
}

function alterColumn(table: Table, { subtype, name = '', def }: Alteration['command']): void {
  const column = body(def, 'ColumnDef');
  const collation = strings(column?.collClause?.collname).join('.');
  if (subtype === 'AT_AddIdentity') change(table, name, { isServers: true, hasDefault: true });
  if (subtype === 'AT_DropIdentity') change(table, name, { isServers: false, hasDefault: false });
  if (subtype === 'AT_SetNotNull') table.notNull.add(name);
  if (subtype === 'AT_DropNotNull') table.notNull.delete(name);
  if (subtype === 'AT_ColumnDefault') change(table, name, { hasDefault: def !== undefined, default: def });
  if (subtype === 'AT_AlterColumnType') change(table, name, { type: column?.typeName, collation });
}

function validateCheck(table: Table, name: string): void {
  const check: Check | undefined = table.checks.get(name);
  if (check !== undefined) table.checks.set(name, { ...check, isValid: true });
}

function dropConstraint(history: History, table: Table, name: string): void {
  if (table.constraints.get(name)?.node.contype === 'CONSTR_PRIMARY') [table.keys, table.key] = [[], undefined];
  table.checks.delete(name);
  if (table.constraints.delete(name)) history.indexes.delete(name);
}

function dropColumn(history: History, name: string, table: Table, column: string): void {
  table.columns.delete(column);
  for (const [constraint, { columns }] of table.constraints)
    if (columns.includes(column)) dropConstraint(history, table, constraint);
  for (const [index, { table: of, columns }] of history.indexes)
    if (of === name && columns.includes(column)) history.indexes.delete(index);
}

function forget(history: History, { removeType, objects }: DropStmt): void {
  for (const object of objects ?? []) {
    const name = dotted(body(object, 'List')?.items);
    if (removeType === 'OBJECT_TABLE') history.tables.delete(name);
    if (removeType === 'OBJECT_INDEX') history.indexes.delete(name);
    history.objects.delete(name);
    history.readers.delete(dropped(removeType, object));
  }
}

function dropped(removeType: DropStmt['removeType'], object: Node): string {
  const items = body(object, 'List')?.items;
  const isOnTable = removeType === 'OBJECT_TRIGGER' || removeType === 'OBJECT_POLICY';
  return isOnTable ? triggerKey(strings(items).at(-1), dotted(items?.slice(0, -1))) : dotted(items);
}

function renamed(history: History, { renameType, relation, subname = '', newname = '' }: RenameStmt): void {
  const name = nameOf(relation ?? {});
  const table = history.tables.get(name);
  if (table === undefined) return;
  if (renameType === 'OBJECT_TABLE') {
    history.tables.delete(name);
    history.tables.set(newname, table);
    for (const [called, index] of history.indexes)
      if (index.table === name) history.indexes.set(called, { ...index, table: newname });
  }
  const column = table.columns.get(subname);
  if (renameType === 'OBJECT_COLUMN' && column !== undefined) {
    table.columns.delete(subname);
    table.columns.set(newname, column);
    renamedInKeys(history, { table: name, from: subname, to: newname });
  }
}

/** Indexes and constraints follow the column. */
function renamedInKeys(
  history: History,
  { table: name, from, to }: { readonly table: string; readonly from: string; readonly to: string },
): void {
  const now = (column: string): string => (column === from ? to : column);
  const table = history.tables.get(name);
  if (table === undefined) return;
  table.keys = table.keys.map(now);
  table.key = table.key === undefined ? undefined : now(table.key);
  if (table.notNull.delete(from)) table.notNull.add(to);
  for (const [called, { node, columns }] of table.constraints)
    table.constraints.set(called, { node: replaceColumns(node, from, to), columns: columns.map(now) });
  for (const [called, index] of history.indexes)
    if (index.table === name) history.indexes.set(called, { ...index, columns: index.columns.map(now) });
}
