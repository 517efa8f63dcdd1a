// Names that PostgreSQL gives where the author gave none, and what an expression says.

import type { Constraint, IndexStmt, Node } from 'libpg-query';
import { body, columnsIn, strings } from './tree.ts';

const endings: Readonly<Partial<Record<NonNullable<Constraint['contype']>, string>>> = {
  CONSTR_CHECK: 'check',
  CONSTR_NOTNULL: 'not_null',
  CONSTR_FOREIGN: 'fkey',
  CONSTR_UNIQUE: 'key',
  CONSTR_PRIMARY: 'pkey',
  CONSTR_EXCLUSION: 'excl',
};

/** The author's, or the one that the server would choose. */
export function constraintName(table: string, constraint: Constraint, column?: string): string {
  if (constraint.conname !== undefined) return constraint.conname;
  const bare = table.split('.').at(-1) ?? table;
  const ending = endings[constraint.contype ?? 'CONSTR_CHECK'] ?? 'check';
  if (constraint.contype === 'CONSTR_PRIMARY') return `${bare}_${ending}`;
  const columns = [...strings(constraint.fk_attrs), ...strings(constraint.keys)];
  const named = column !== undefined ? [column] : columns.length > 0 ? columns : oneOf(columnsIn(constraint.raw_expr));
  return [bare, ...named, ending].join('_').slice(0, 63);
}

/** A CHECK over several columns is not named after them. */
const oneOf = (columns: readonly string[]): readonly string[] => (columns.length === 1 ? columns : []);

export const triggerKey = (trigger: string | undefined, table: string): string => `${trigger} on ${table}`;

/** The column of `column IS NOT NULL`, when the expression says nothing else. */
export function isCheckOfNotNull(expression: Node | undefined): string | undefined {
  const test = body(expression, 'NullTest');
  if (test?.nulltesttype !== 'IS_NOT_NULL') return undefined;
  return strings(body(test.arg, 'ColumnRef')?.fields).at(-1);
}

/** As the server would call it. */
export function indexName({ relation, indexParams }: IndexStmt): string {
  const columns = (indexParams ?? []).flatMap((each) => {
    const element = body(each, 'IndexElem');
    return element?.name ?? (columnsIn(element?.expr)[0] || 'expr');
  });
  return [relation?.relname, ...columns, 'idx'].join('_').slice(0, 63);
}
