// What a statement holds until its transaction ends.

import type { AlterTableType } from 'libpg-query';
import type { PostgresStatement } from '../parse.ts';
import { alterations, body, nameOf } from './tree.ts';

/** These take ShareUpdateExclusive only: readers and writers continue. */
const light: ReadonlySet<AlterTableType | undefined> = new Set<AlterTableType>([
  'AT_ValidateConstraint',
  'AT_SetStatistics',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
  'AT_SetOptions',
  'AT_ResetOptions',
  'AT_AttachPartition',
]);

/** The table whose writers wait until the transaction ends. */
export function lockedTable(statement: PostgresStatement): string | undefined {
  const { node } = statement;
  const heavy = alterations(statement).find(({ command }) => !light.has(command.subtype));
  if (heavy !== undefined) return heavy.table;
  const rename = body(node, 'RenameStmt');
  const isRename = rename?.renameType === 'OBJECT_TABLE' || rename?.renameType === 'OBJECT_COLUMN';
  const index = body(node, 'IndexStmt');
  const relation =
    (isRename ? rename?.relation : undefined) ??
    (index?.concurrent === true ? undefined : index?.relation) ??
    body(node, 'CreateTrigStmt')?.relation;
  if (relation !== undefined) return nameOf(relation);
  const drop = body(node, 'DropStmt');
  if (drop?.removeType !== 'OBJECT_TABLE') return undefined;
  const items = body(drop.objects?.[0], 'List')?.items ?? [];
  return items.map((each) => body(each, 'String')?.sval).join('.');
}

/** The table whose rows it changes. */
export function dataTarget({ node }: PostgresStatement): string | undefined {
  const relation =
    body(node, 'UpdateStmt')?.relation ??
    body(node, 'DeleteStmt')?.relation ??
    body(node, 'InsertStmt')?.relation ??
    body(node, 'MergeStmt')?.relation;
  return relation === undefined ? undefined : nameOf(relation);
}

/** Kinds that create or change objects, and so belong to expand and contract. */
export function isSchemaChange({ node }: PostgresStatement): boolean {
  const [kind = ''] = Object.keys(node);
  return /^(Alter|Create|Drop|Rename|Index|View|Rule|Truncate|Comment)/.test(kind) && kind !== 'DropOwnedStmt';
}
