// Rows: changed batch by batch in a backfill, never all at once while services use them.

import type { Node } from 'libpg-query';
import { type Hazard, hazards, noHazard, steps } from '../../lint/rule.ts';
import type { PostgresStatement } from '../parse.ts';
import { type History, isNewTable, keyOf } from './history.ts';
import type { PostgresRule } from './postgres-rule.ts';
import { body, columnsIn, isCatalog, nameOf, print, quoted, relationSql, some, strings } from './tree.ts';
import { dataTarget, isSchemaChange, lockedTable } from './weight.ts';

interface Change {
  readonly kind: 'UpdateStmt' | 'DeleteStmt';
  readonly relation: Parameters<typeof nameOf>[0];
  readonly where: Node | undefined;
}

function changeIn(node: Node): Change | undefined {
  const [update, remove] = [body(node, 'UpdateStmt'), body(node, 'DeleteStmt')];
  if (update?.relation !== undefined)
    return { kind: 'UpdateStmt', relation: update.relation, where: update.whereClause };
  if (remove?.relation !== undefined)
    return { kind: 'DeleteStmt', relation: remove.relation, where: remove.whereClause };
  return undefined;
}

const unbatched: PostgresRule = {
  id: 'unbatched-change',
  classes: ['locks'],
  allowedIn: [],
  check: ({ node }, { history, stage }) => {
    const change = changesIn(node).find(({ relation, where }) => {
      const target = nameOf(relation);
      if (isNewTable(history, target) || isCatalog(target)) return false;
      return !(stage === 'backfill'
        ? isBatch(where)
        : isFewRows(where, target, history) || isLimited(where, target, history));
    });
    if (change === undefined) return noHazard;
    const table = nameOf(change.relation);
    // A WHERE further out does not bound what is in a WITH.
    const isOuter = change.relation === changeIn(node)?.relation;
    const safe = isOuter ? inBatches(node, change, history) : undefined;
    return [
      {
        message: `every row that it touches in ${table} stays locked against the users until the last one is done${isOuter && safe === undefined ? withoutKey(node, change, history) : ''}`,
        safe,
      },
    ];
  },
};

/** The statement's own change, and those of its WITH: a DELETE … RETURNING may hide in an INSERT or a SELECT. */
function changesIn(node: Node): readonly Change[] {
  const own = changeIn(node);
  const { withClause } =
    body(node, 'SelectStmt') ?? body(node, 'InsertStmt') ?? body(node, 'UpdateStmt') ?? body(node, 'DeleteStmt') ?? {};
  const inner = (withClause?.ctes ?? []).flatMap((each) => {
    const query = body(each, 'CommonTableExpr')?.ctequery;
    return query === undefined ? [] : changesIn(query);
  });
  return own === undefined ? inner : [own, ...inner];
}

/** `BETWEEN :from AND :to`, which the grammar sees as two parameters, and nothing that selects rows outside of it. */
function isBatch(where: Node | undefined): boolean {
  const both = body(where, 'BoolExpr');
  if (both !== undefined) return both.boolop === 'AND_EXPR' && (both.args ?? []).some(isBatch);
  const between = body(where, 'A_Expr');
  const bounds = body(between?.rexpr, 'List')?.items ?? [];
  return between?.kind === 'AEXPR_BETWEEN' && bounds.every((each) => body(each, 'ParamRef') !== undefined);
}

/** Rows picked by constants of a key: a setting, a code table, one account. */
function isFewRows(where: Node | undefined, table: string, history: History): boolean {
  const comparison = body(where, 'A_Expr');
  if (comparison === undefined)
    return (body(where, 'BoolExpr')?.args ?? []).some(
      (each) => body(where, 'BoolExpr')?.boolop === 'AND_EXPR' && isFewRows(each, table, history),
    );
  const isPicked = ['AEXPR_OP', 'AEXPR_IN'].includes(comparison.kind ?? '') && strings(comparison.name)[0] === '=';
  const column = strings(body(comparison.lexpr, 'ColumnRef')?.fields).at(-1);
  const isConstant = !some(comparison.rexpr, (node) => 'ColumnRef' in node || 'SubLink' in node || 'FuncCall' in node);
  if (!isPicked || !isConstant || column === undefined) return false;
  return column === keyOf(history, table) || uniqueColumns(history, table).includes(column);
}

/** More rows than that stay locked too long for the sessions that wait for them. */
const mostRows = 10_000;

/** `key IN (SELECT … LIMIT 5000)`: each of its values is one row. */
function isLimited(where: Node | undefined, table: string, history: History): boolean {
  const both = body(where, 'BoolExpr');
  if (both !== undefined)
    return both.boolop === 'AND_EXPR' && (both.args ?? []).some((each) => isLimited(each, table, history));
  const column = pickedColumn(where);
  const isKey =
    column === 'ctid' || column === keyOf(history, table) || uniqueColumns(history, table).includes(column ?? '');
  const query = body(pickedFrom(where)?.subselect, 'SelectStmt');
  const limit = body(query?.limitCount, 'A_Const')?.ival?.ival;
  return isKey && limit !== undefined && limit <= mostRows && query?.limitOption !== 'LIMIT_OPTION_WITH_TIES';
}

const lastField = (node: Node | undefined): string | undefined => strings(body(node, 'ColumnRef')?.fields).at(-1);

const pickedColumn = (where: Node | undefined): string | undefined =>
  lastField(body(where, 'SubLink')?.testexpr) ?? lastField(body(where, 'A_Expr')?.lexpr);

/** The query of `IN (SELECT …)`, or of `= ANY (ARRAY(SELECT …))`. */
function pickedFrom(where: Node | undefined) {
  const link = body(where, 'SubLink');
  if (link !== undefined) return link.subLinkType === 'ANY_SUBLINK' && link.operName === undefined ? link : undefined;
  const comparison = body(where, 'A_Expr');
  const isAny = comparison?.kind === 'AEXPR_OP_ANY' && strings(comparison.name)[0] === '=';
  const array = isAny ? body(comparison?.rexpr, 'SubLink') : undefined;
  return array?.subLinkType === 'ARRAY_SUBLINK' ? array : undefined;
}

const uniqueColumns = (history: History, table: string): readonly string[] =>
  [...history.indexes.values()].flatMap((index) =>
    index.isUnique && index.table === table && index.columns.length === 1 ? index.columns : [],
  );

/** The same statement, bounded by the key; undefined where there is none. */
function inBatches(node: Node, { kind, relation, where }: Change, history: History): string | undefined {
  const filled = (body(node, 'UpdateStmt')?.targetList ?? []).map((each) => body(each, 'ResTarget')?.name);
  const key = keyOf(history, nameOf(relation));
  // A statement that changes the key itself moves rows behind the cursor, or reaches them again.
  if (key === undefined || filled.includes(key) || readsItself(node, relation, filled)) return undefined;
  const others = body(node, 'UpdateStmt')?.fromClause ?? body(node, 'DeleteStmt')?.usingClause;
  const field = others === undefined ? [key] : [relation.alias?.aliasname ?? relation.relname ?? '', key];
  const bounded = print(withWhere(node, kind, where, field));
  return steps([
    'backfill',
    `-- @table ${relationSql(relation)}`,
    `-- @key ${quoted(key)}`,
    `${bounded.replace(/(BETWEEN) \$1 AND \$2(?![\s\S]*BETWEEN \$1 AND \$2)/, '$1 :from AND :to')};`,
  ]);
}

/** A later batch would read what an earlier one has written, which the statement as a whole does not. */
function readsItself(node: Node, relation: Change['relation'], filled: readonly (string | undefined)[]): boolean {
  const update = body(node, 'UpdateStmt');
  const remove = body(node, 'DeleteStmt');
  const sources = [
    update?.targetList,
    update?.fromClause,
    update?.whereClause,
    remove?.usingClause,
    remove?.whereClause,
  ];
  const isRead = some(sources, ({ RangeVar: other }) => {
    return other !== undefined && nameOf(other as Change['relation']) === nameOf(relation);
  });
  return isRead && (remove !== undefined || columnsIn(sources).some((column) => filled.includes(column)));
}

/** For a message, where there is no safe form. */
const withoutKey = (node: Node, { relation }: Change, history: History): string => {
  const table = nameOf(relation);
  const filled = (body(node, 'UpdateStmt')?.targetList ?? []).map((each) => body(each, 'ResTarget')?.name);
  if (readsItself(node, relation, filled))
    return `; no safe form: it reads from ${table} what it changes there, so batches would read what others have changed: keep what it reads in a table of its own first`;
  return keyOf(history, table) === undefined
    ? `; no safe form: ${table} has no key of one column that is never NULL to walk it by, so give it one first`
    : '; no safe form: it changes the key by which the table is walked';
};

function withWhere(node: Node, kind: Change['kind'], where: Node | undefined, field: readonly string[]): Node {
  const bounds: Node = { List: { items: [{ ParamRef: { number: 1 } }, { ParamRef: { number: 2 } }] } };
  const column: Node = { ColumnRef: { fields: field.map((sval) => ({ String: { sval } })) } };
  const between: Node = {
    A_Expr: { kind: 'AEXPR_BETWEEN', name: [{ String: { sval: 'BETWEEN' } }], lexpr: column, rexpr: bounds },
  };
  const whereClause: Node =
    where === undefined ? between : { BoolExpr: { boolop: 'AND_EXPR', args: [between, where] } };
  return kind === 'UpdateStmt'
    ? { UpdateStmt: { ...body(node, 'UpdateStmt'), whereClause } }
    : { DeleteStmt: { ...body(node, 'DeleteStmt'), whereClause } };
}

const deleteAll: PostgresRule = {
  id: 'ban-delete-all',
  classes: ['loses-data', 'breaks-old'],
  allowedIn: ['backfill'],
  check: ({ node }, { history }) => {
    const change = changeIn(node);
    if (isCatalog(nameOf(change?.relation ?? {}))) return noHazard;
    if (change?.kind !== 'DeleteStmt' || change.where !== undefined || isNewTable(history, nameOf(change.relation)))
      return noHazard;
    return [
      {
        message: `every row of ${nameOf(change.relation)} is gone for good, under both releases`,
        safe: inBatches(node, change, history),
      },
    ];
  },
};

/** A change of many rows; a few given ones, in the same file as a change of the schema, delay no session. */
export function isBulkChange(statement: PostgresStatement, history: History): boolean {
  const { node } = statement;
  const target = dataTarget(statement);
  if (target === undefined || isNewTable(history, target)) return false;
  const insert = body(node, 'InsertStmt');
  if (insert !== undefined) return (body(insert.selectStmt, 'SelectStmt')?.fromClause?.length ?? 0) > 0;
  const change = changeIn(node);
  return change === undefined || !isFewRows(change.where, target, history);
}

const mixing: PostgresRule = {
  id: 'mixing-schema-and-data',
  classes: ['locks', 'transaction'],
  allowedIn: [],
  check: (statement, { history, stage, file }): readonly Hazard[] => {
    const { file: memory } = history;
    const changesSchema = isSchemaChange(statement);
    if (stage === 'backfill')
      return hazards(
        dataTarget(statement) === undefined
          ? {
              message: 'a backfill changes rows and nothing else: the schema is changed by expand and contract',
              safe: steps(['expand', `${statement.text};`]),
            }
          : undefined,
      );
    const locked = lockedTable(statement);
    const isSecond =
      (isBulkChange(statement, history) && memory.lockedTables.size > 0) ||
      (changesSchema &&
        memory.didChangeData &&
        locked !== undefined &&
        // Under a lock that the file holds already, the rows were the ones that waited.
        !memory.lockedTables.has(locked) &&
        !isNewTable(history, locked));
    if (!file.transaction || !isSecond) return noHazard;
    const [first = locked] = memory.lockedTables;
    const change = changeIn(statement.node);
    return [
      {
        message: `the lock of the schema change on ${first} is held while rows are changed: nobody can use the table until the end of the transaction`,
        safe: change === undefined ? undefined : inBatches(statement.node, change, history),
      },
    ];
  },
};

export const dataRules: readonly PostgresRule[] = [unbatched, deleteAll, mixing];
