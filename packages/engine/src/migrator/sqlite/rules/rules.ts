// All rules of SQLite, by subject, and the statements that take an expand step back.

import { type SqliteStatement, wordsOf } from '../parse.ts';
import { addColumnRules } from './add-column.ts';
import { changeColumnRules } from './change-column.ts';
import { dataRules } from './data.ts';
import { objectRules } from './objects.ts';
import type { SqliteRule } from './sqlite-rule.ts';

export const sqliteRules: readonly SqliteRule[] = [
  ...addColumnRules,
  ...changeColumnRules,
  ...objectRules,
  ...dataRules,
];

export function reverseSqlite(statement: SqliteStatement): string | undefined {
  const { node } = statement;
  const words = (of: { readonly span: Parameters<typeof wordsOf>[1] }): string => wordsOf(statement, of.span);
  switch (node.type) {
    case 'CreateTableStmt':
      return `DROP TABLE ${words(node.tblName)};`;
    case 'CreateIndexStmt':
      return `DROP INDEX ${words(node.idxName)};`;
    case 'CreateViewStmt':
      return `DROP VIEW ${words(node.viewName)};`;
    case 'CreateTriggerStmt':
      return `DROP TRIGGER ${words(node.triggerName)};`;
    case 'AlterTableStmt':
      return node.body.type === 'AddColumnAlterTableBody'
        ? `ALTER TABLE ${words(node.tblName)} DROP COLUMN ${words(node.body.column.colName)};`
        : undefined;
    default:
      return undefined;
  }
}
