// ALTER TABLE in parts, for the rules that check one kind of it.

import type { AlterTableStmt } from 'sqlite3-parser';
import { type Hazard, hazards, noHazard } from '../../lint/rule.ts';
import { type SqliteStatement, wordsOf } from '../parse.ts';
import { isNewTable, plain } from './history.ts';
import type { SqliteRule, SqliteScene } from './sqlite-rule.ts';

type Body = AlterTableStmt['body'];
export interface Altered<B extends Body> {
  readonly statement: SqliteStatement;
  readonly body: B;
  /** As it is remembered, and as the author wrote it. */
  readonly table: string;
  readonly sql: string;
  readonly scene: SqliteScene;
}

/** Checks one kind of ALTER TABLE, on a table that was there before. */
export function onAlter<K extends Body['type']>(
  kind: K,
  look: (altered: Altered<Extract<Body, { type: K }>>) => Hazard | undefined,
): SqliteRule['check'] {
  return (statement, scene) => {
    const { node } = statement;
    if (node.type !== 'AlterTableStmt' || node.body.type !== kind) return noHazard;
    const table = plain(node.tblName);
    if (isNewTable(scene.history, table)) return noHazard;
    const sql = wordsOf(statement, node.tblName.span);
    return hazards(look({ statement, body: node.body as Extract<Body, { type: K }>, table, sql, scene }));
  };
}
