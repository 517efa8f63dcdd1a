// A name is what releases and schema have in common. Two releases live on one schema, so no name may change under them.

import type { ObjectType, RenameStmt } from 'libpg-query';
import { hazards, noHazard, steps } from '../../lint/rule.ts';
import { columnOf, type History, isNewColumn, isNewObject, isNewTable } from './history.ts';
import type { PostgresRule } from './postgres-rule.ts';
import { aboutSecond, type Second, secondColumn } from './second-column.ts';
import { body, dotted, literal, nameOf, quoted, relationSql } from './tree.ts';

/** Renaming these breaks no statement: releases do not name them. */
const unnamed: ReadonlySet<ObjectType | undefined> = new Set<ObjectType>([
  'OBJECT_INDEX',
  'OBJECT_TABCONSTRAINT',
  'OBJECT_DOMCONSTRAINT',
  'OBJECT_TRIGGER',
  'OBJECT_POLICY',
  'OBJECT_RULE',
]);

const renaming = ({ node }: { readonly node: Parameters<typeof body>[0] }): RenameStmt | undefined =>
  body(node, 'RenameStmt');

const renamingColumn: PostgresRule = {
  id: 'renaming-column',
  classes: ['breaks-old'],
  allowedIn: [],
  check: (statement, { history }) => {
    const rename = renaming(statement);
    if (rename?.renameType !== 'OBJECT_COLUMN' || rename.relation === undefined) return noHazard;
    const { relation, subname: old = '', newname: name = '' } = rename;
    const table = nameOf(relation);
    if (isNewColumn(history, table, old)) return noHazard;
    const alteration = { relation, table, sql: relationSql(relation) };
    const isView = rename.relationType === 'OBJECT_VIEW' || rename.relationType === 'OBJECT_MATVIEW';
    const second: Second = {
      alteration,
      history,
      old,
      name,
      type: columnOf(history, table, old)?.type,
      isCast: false,
    };
    const about = isView
      ? '; no safe form is written here: make a view with the new name of the column beside it, and drop this one in contract'
      : aboutSecond(second);
    return [
      {
        message: `the old release asks for ${table}.${old}, which is called ${name} now${about}`,
        safe: isView ? undefined : secondColumn(second),
      },
    ];
  },
};

const renamingTable: PostgresRule = {
  id: 'renaming-table',
  classes: ['breaks-old'],
  allowedIn: [],
  check: (statement, { history }) => {
    const { relation, from, to } = movedTable(statement);
    if (relation === undefined || isNewTable(history, from) || hasViewInPlace(history, from)) return noHazard;
    // The server lets ALTER TABLE rename indexes, which no release names.
    if (history.indexes.has(from)) return noHazard;
    const [schema, ...rest] = to;
    if (!history.tables.has(from) && /_(?:idx|index|pkey|key)\d*$/.test(from))
      return [
        {
          message: `if ${from} is a table, the old release asks for it; if it is an index, say ALTER INDEX`,
          safe: steps(['expand', `ALTER INDEX ${relationSql(relation)} RENAME TO ${quoted(to.at(-1) ?? '')};`]),
          severity: 'review',
        },
      ];
    return [
      {
        message: `the old release asks for the table ${from}, which is called ${to.join('.')} now`,
        safe: steps([
          'expand',
          `${statement.text};`,
          `CREATE VIEW ${relationSql(relation)} AS SELECT * FROM ${[schema ?? '', ...rest].map(quoted).join('.')};`,
        ]),
      },
    ];
  },
};

function movedTable({ node }: { readonly node: Parameters<typeof body>[0] }) {
  const rename = body(node, 'RenameStmt');
  const schema = body(node, 'AlterObjectSchemaStmt');
  const isTable = (kind: ObjectType | undefined): boolean => kind === 'OBJECT_TABLE';
  if (rename?.relation !== undefined && isTable(rename.renameType)) {
    const inSchema = rename.relation.schemaname === undefined ? [] : [rename.relation.schemaname];
    return { relation: rename.relation, from: nameOf(rename.relation), to: [...inSchema, rename.newname ?? ''] };
  }
  if (schema?.relation !== undefined && isTable(schema.objectType))
    return {
      relation: schema.relation,
      from: nameOf(schema.relation),
      to: [schema.newschema ?? '', schema.relation.relname ?? ''],
    };
  return { relation: undefined, from: '', to: [] };
}

/** The old release writes through a simple view under the old name, so it continues to work. */
const hasViewInPlace = ({ file }: History, name: string): boolean => file.views.has(name);

const renamingObject: PostgresRule = {
  id: 'renaming-object',
  classes: ['breaks-old'],
  allowedIn: [],
  check: (statement, { history }) => {
    const rename = renaming(statement);
    const value = body(statement.node, 'AlterEnumStmt');
    if (value?.oldVal !== undefined)
      return [
        {
          message: `the old release writes ${literal(value.oldVal)} of ${dotted(value.typeName)}, which is called ${literal(value.newVal ?? '')} now`,
          safe: steps([
            'expand',
            `ALTER TYPE ${dotted(value.typeName).split('.').map(quoted).join('.')} ADD VALUE ${literal(value.newVal ?? '')} AFTER ${literal(value.oldVal)};`,
          ]),
        },
      ];
    const moved = body(statement.node, 'AlterObjectSchemaStmt');
    const kind = rename?.renameType ?? moved?.objectType;
    if (kind === undefined || kind === 'OBJECT_COLUMN' || kind === 'OBJECT_TABLE' || unnamed.has(kind)) return noHazard;
    const name = nameOfObject(rename) ?? nameOfObject(moved) ?? '';
    if (isNewObject(history, name)) return noHazard;
    return hazards({
      message: `the old release asks for ${name}, which is called ${rename?.newname ?? `${moved?.newschema}.${name}`} now: create the new one beside it, and drop the old one in contract`,
      safe: undefined,
    });
  },
};

function nameOfObject(of: Pick<RenameStmt, 'relation' | 'object' | 'subname'> | undefined): string | undefined {
  if (of === undefined) return undefined;
  if (of.relation !== undefined) return nameOf(of.relation);
  const { object } = of;
  const parts =
    body(object, 'List')?.items ?? body(object, 'ObjectWithArgs')?.objname ?? body(object, 'TypeName')?.names;
  return parts === undefined ? (of.subname ?? body(object, 'String')?.sval) : dotted(parts);
}

export const renameRules: readonly PostgresRule[] = [renamingColumn, renamingTable, renamingObject];
