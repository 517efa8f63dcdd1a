// What a CHECK decides for a row in which its columns are NULL: it refuses only what is false.

import type { Constraint, Node } from 'libpg-query';
import { columnOf, type History } from './history.ts';
import { body, columnsIn, strings } from './tree.ts';

type Truth = 'true' | 'false' | 'null' | 'unknown';

/** Whether a row that omits the new columns passes: they hold their default then, or NULL. */
export function takesOmitted(
  { contype, keys, raw_expr: expression }: Constraint,
  table: string,
  history: History,
): boolean {
  const isFilled = (column: string): boolean => columnOf(history, table, column)?.hasDefault === true;
  if (contype === 'CONSTR_FOREIGN') return true;
  if (contype === 'CONSTR_NOTNULL') return strings(keys).every(isFilled);
  return passesNulls(expression, isFilled);
}

/** @param isFilled a default fills the column, with a value that the author made to pass */
function passesNulls(expression: Node | undefined, isFilled: (column: string) => boolean): boolean {
  return ['true', 'null'].includes(truthOf(expression, isFilled));
}

function truthOf(node: Node | undefined, isFilled: (column: string) => boolean): Truth {
  const both = body(node, 'BoolExpr');
  if (both !== undefined)
    return joined(
      both.boolop,
      (both.args ?? []).map((each) => truthOf(each, isFilled)),
    );
  const test = body(node, 'NullTest');
  const tested = strings(body(test?.arg, 'ColumnRef')?.fields).at(-1);
  if (test !== undefined)
    return tested === undefined
      ? 'unknown'
      : (test.nulltesttype === 'IS_NULL') === !isFilled(tested)
        ? 'true'
        : 'false';
  const columns = columnsIn(node);
  if (columns.length > 0 && columns.every(isFilled)) return 'true';
  const comparison = body(node, 'A_Expr');
  const isStrict = comparison !== undefined && !/DISTINCT|NULLIF/.test(comparison.kind ?? '');
  const sides = [comparison?.lexpr, comparison?.rexpr];
  if (isStrict && sides.some((side) => isNull(side, isFilled))) return 'null';
  const alone = strings(body(node, 'ColumnRef')?.fields).at(-1);
  return alone === undefined ? 'unknown' : 'null';
}

/** Strict functions of the server that checks use; others may make something of NULL. */
const strict = new Set([
  'length',
  'char_length',
  'octet_length',
  'lower',
  'upper',
  'trim',
  'btrim',
  'abs',
  'cardinality',
]);

/** Whether the expression is NULL wherever the columns that are not filled are. */
export function isNull(node: Node | undefined, isFilled: (column: string) => boolean): boolean {
  const column = strings(body(node, 'ColumnRef')?.fields).at(-1);
  if (column !== undefined) return !isFilled(column);
  const cast = body(node, 'TypeCast');
  if (cast !== undefined) return isNull(cast.arg, isFilled);
  const call = body(node, 'FuncCall');
  if (call !== undefined)
    return strict.has(strings(call.funcname).at(-1) ?? '') && (call.args ?? []).some((each) => isNull(each, isFilled));
  const inner = body(node, 'A_Expr');
  return inner?.kind === 'AEXPR_OP' && [inner.lexpr, inner.rexpr].some((each) => isNull(each, isFilled));
}

function joined(operator: string | undefined, parts: readonly Truth[]): Truth {
  const not: Record<Truth, Truth> = { true: 'false', false: 'true', null: 'null', unknown: 'unknown' };
  if (operator === 'NOT_EXPR') return not[parts[0] ?? 'unknown'];
  const [deciding, other] = operator === 'AND_EXPR' ? (['false', 'true'] as const) : (['true', 'false'] as const);
  if (parts.includes(deciding)) return deciding;
  if (parts.includes('unknown')) return 'unknown';
  return parts.includes('null') ? 'null' : other;
}
