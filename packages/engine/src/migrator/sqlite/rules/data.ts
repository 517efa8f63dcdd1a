// One writer at a time is all that SQLite has: a long change of rows makes every other writer wait.

import type { DeleteStmt, Expr, UpdateStmt } from 'sqlite3-parser';
import { noHazard, steps } from '../../lint/rule.ts';
import { type SqliteStatement, wordsOf } from '../parse.ts';
import { type History, isNewTable, keyOf, plain } from './history.ts';
import { quoted, type SqliteRule } from './sqlite-rule.ts';

const changeIn = ({ node }: SqliteStatement): UpdateStmt | DeleteStmt | undefined =>
  node.type === 'UpdateStmt' || node.type === 'DeleteStmt' ? node : undefined;

/** The parts of a chain of ANDs. */
function conditions(where: Expr | undefined): readonly Expr[] {
  if (where === undefined) return [];
  if (where.type === 'BinaryExpr' && where.op === 'And') return [...conditions(where.left), ...conditions(where.right)];
  return where.type === 'ParenthesizedExpr' && where.exprs.length === 1 ? conditions(where.exprs[0]) : [where];
}

const isBatch = (where: Expr | undefined): boolean =>
  conditions(where).some(
    (each) =>
      each.type === 'BetweenExpr' &&
      !each.not &&
      each.start.type === 'VariableExpr' &&
      each.end.type === 'VariableExpr',
  );

/** Rows picked by constants of a key: a setting, a code table, one account. */
const isFewRows = (where: Expr | undefined, table: string, history: History): boolean =>
  conditions(where).some((each) => {
    const column =
      each.type === 'BinaryExpr' && each.op === 'Equals' && isLiteral(each.right)
        ? each.left
        : each.type === 'InListExpr' && !each.not && (each.rhs ?? []).every(isLiteral)
          ? each.lhs
          : undefined;
    const name = column?.type === 'Id' ? column.name.toLowerCase() : undefined;
    return name !== undefined && (name === keyOf(history, table) || history.unique.has(`${table}.${name}`));
  });

const isLiteral = ({ type }: Expr): boolean => type.endsWith('Literal');

function inBatches(statement: SqliteStatement, change: UpdateStmt | DeleteStmt, history: History): string {
  const table = plain(change.tblName);
  const own = change.tblName.alias?.text ?? table;
  const reads = change.type === 'UpdateStmt' && change.from !== undefined;
  const key = `${reads ? `${quoted(own.toLowerCase())}.` : ''}${quoted(keyOf(history, table))}`;
  const { whereClause } = change;
  const head =
    whereClause === undefined ? statement.text : statement.text.slice(0, whereClause.span.offset - statement.start);
  const start = head.replace(/\s*(WHERE)?\s*$/i, '');
  const rest =
    whereClause === undefined ? '' : ` AND (${wordsOf(statement, whereClause.span).replace(/^\s*WHERE\s+/i, '')})`;
  return steps([
    'backfill',
    `-- @table ${table}`,
    `-- @key ${keyOf(history, table)}`,
    `${start} WHERE ${key} BETWEEN :from AND :to${rest};`,
  ]);
}

const unbatched: SqliteRule = {
  id: 'unbatched-change',
  classes: ['locks'],
  allowedIn: [],
  check: (statement, { history, stage }) => {
    const change = changeIn(statement);
    const table = change === undefined ? '' : plain(change.tblName);
    if (change === undefined || isNewTable(history, table)) return noHazard;
    if (stage === 'backfill' ? isBatch(change.whereClause) : isFewRows(change.whereClause, table, history))
      return noHazard;
    return [
      {
        message: `every writer of the database waits until all rows of ${table} are changed`,
        safe: inBatches(statement, change, history),
      },
    ];
  },
};

const deleteAll: SqliteRule = {
  id: 'ban-delete-all',
  classes: ['loses-data', 'breaks-old'],
  allowedIn: ['backfill'],
  check: (statement, { history }) => {
    const change = changeIn(statement);
    if (change?.type !== 'DeleteStmt' || change.whereClause !== undefined || isNewTable(history, plain(change.tblName)))
      return noHazard;
    return [
      {
        message: `every row of ${plain(change.tblName)} is gone for good, under both releases`,
        safe: inBatches(statement, change, history),
      },
    ];
  },
};

export const dataRules: readonly SqliteRule[] = [unbatched, deleteAll];
