// ADD COLUMN in SQLite: instant, or refused as soon as the table has rows.

import type { AddColumnAlterTableBody, ColumnConstraint, Expr } from 'sqlite3-parser';
import { type Hazard, steps } from '../../lint/rule.ts';
import { type SqliteStatement, wordsOf } from '../parse.ts';
import { keyOf, plain } from './history.ts';
import { type Altered, onAlter } from './on-alter.ts';
import { quoted, type SqliteRule } from './sqlite-rule.ts';

interface Added extends Altered<AddColumnAlterTableBody> {
  readonly name: string;
  readonly has: (kind: ColumnConstraint['type']) => ColumnConstraint | undefined;
  /** The same ADD COLUMN without constraints of these kinds. */
  readonly without: (...kinds: readonly ColumnConstraint['type'][]) => string;
}

const onAddColumn = (look: (added: Added) => Hazard | undefined): SqliteRule['check'] =>
  onAlter('AddColumnAlterTableBody', (altered) => {
    const { column } = altered.body;
    const all = column.constraints.map(({ constraint }) => constraint);
    const name = plain(column.colName);
    const without = (...kinds: readonly ColumnConstraint['type'][]): string => {
      const kept = column.constraints.filter(({ constraint }) => !kinds.includes(constraint.type));
      const parts = [
        quoted(name),
        typeOf(altered.statement, column),
        ...kept.map(({ span }) => wordsOf(altered.statement, span)),
      ];
      return `ALTER TABLE ${altered.sql} ADD COLUMN ${parts.filter(Boolean).join(' ')};`;
    };
    return look({ ...altered, name, has: (kind) => all.find(({ type }) => type === kind), without });
  });

const typeOf = (statement: SqliteStatement, { colType }: AddColumnAlterTableBody['column']): string =>
  colType === undefined ? '' : wordsOf(statement, colType.span).trim();

const isConstant = ({ type }: Expr): boolean =>
  !['ParenthesizedExpr', 'CurrentTimestampLiteral', 'CurrentDateLiteral', 'CurrentTimeLiteral'].includes(type);

/** One form for all that may be wrong with the column. */
function wholeColumn({ statement, table, sql, name, has, without, scene }: Added): string {
  const value = has('DefaultColumnConstraint');
  const expr = value?.type === 'DefaultColumnConstraint' ? value.expr : undefined;
  const isOfRow = expr !== undefined && !isConstant(expr);
  const keepsDefault = expr !== undefined && !isOfRow && has('ForeignKeyColumnConstraint') === undefined;
  const required = has('NotNullColumnConstraint');
  const isRequired = required?.type === 'NotNullColumnConstraint' && !required.nullable && !keepsDefault;
  const isUnique = has('UniqueColumnConstraint') !== undefined || has('PrimaryKeyColumnConstraint') !== undefined;
  const add = without(
    'UniqueColumnConstraint',
    'PrimaryKeyColumnConstraint',
    ...(isRequired ? (['NotNullColumnConstraint'] as const) : []),
    ...(keepsDefault ? [] : (['DefaultColumnConstraint'] as const)),
  );
  const [column, key] = [quoted(name), keyOf(scene.history, table)];
  const set = (words: string): string =>
    `UPDATE ${sql} SET ${column} = ${words} WHERE ${quoted(key)} BETWEEN :from AND :to AND ${column} IS NULL;`;
  return steps(
    ['expand', add, isUnique ? `CREATE UNIQUE INDEX ${quoted(`${table}_${name}`)} ON ${sql} (${column});` : undefined],
    ...(expr !== undefined && isOfRow
      ? [['backfill', `-- @table ${table}`, `-- @key ${key}`, set(defaultWords(statement, expr))] as const]
      : []),
    ...(isRequired ? [['contract', `ALTER TABLE ${sql} ALTER COLUMN ${column} SET NOT NULL;`] as const] : []),
  );
}

const defaultWords = (statement: SqliteStatement, { span }: Expr): string =>
  wordsOf(statement, span).replace(/^DEFAULT\s+/i, '');

const requiredField: SqliteRule = {
  id: 'adding-required-field',
  classes: ['breaks-old', 'depends-on-data'],
  allowedIn: [],
  check: onAddColumn((added) => {
    const { table, name, has } = added;
    const notNull = has('NotNullColumnConstraint');
    if (notNull?.type !== 'NotNullColumnConstraint' || notNull.nullable || has('DefaultColumnConstraint') !== undefined)
      return undefined;
    return {
      message: `the old release does not fill ${table}.${name}; and SQLite refuses the column when the table has rows`,
      safe: wholeColumn(added),
    };
  }),
};

const defaultOfRow: SqliteRule = {
  id: 'adding-field-with-default',
  classes: ['depends-on-data'],
  allowedIn: [],
  check: onAddColumn((added) => {
    const { statement, table, has } = added;
    const value = has('DefaultColumnConstraint');
    if (value?.type !== 'DefaultColumnConstraint') return undefined;
    if (isConstant(value.expr)) return undefined;
    const expression = defaultWords(statement, value.expr);
    return {
      message: `SQLite refuses a default that is no constant (${expression}) when ${table} has rows, and adds none later: the releases give the value themselves`,
      safe: wholeColumn(added),
    };
  }),
};

const storedField: SqliteRule = {
  id: 'adding-stored-generated-field',
  classes: ['depends-on-data'],
  allowedIn: [],
  check: onAddColumn(({ statement, table, sql, name, has, body }) => {
    const generated = has('GeneratedColumnConstraint');
    if (generated?.type !== 'GeneratedColumnConstraint' || generated.typ?.name.toLowerCase() !== 'stored')
      return undefined;
    const virtual = `AS (${wordsOf(statement, generated.expr.span).replace(/^\((.*)\)$/s, '$1')}) VIRTUAL`;
    return {
      message: `SQLite refuses to add the stored column ${name} to ${table}: a virtual one is worked out when it is read, and may be indexed`,
      safe: steps([
        'expand',
        `ALTER TABLE ${sql} ADD COLUMN ${quoted(name)} ${typeOf(statement, body.column)} ${virtual};`,
      ]),
    };
  }),
};

const uniqueField = (kind: 'UniqueColumnConstraint' | 'PrimaryKeyColumnConstraint', id: string): SqliteRule => ({
  id,
  classes: ['depends-on-data'],
  allowedIn: [],
  check: onAddColumn((added) =>
    added.has(kind) === undefined
      ? undefined
      : {
          message: `SQLite refuses to add a unique column to ${added.table}: the index of ${added.name} is a statement of its own${kind === 'PrimaryKeyColumnConstraint' ? ', and a table that is there gets no primary key' : ''}`,
          safe: wholeColumn(added),
        },
  ),
});

const reference: SqliteRule = {
  id: 'adding-foreign-key-constraint',
  classes: ['depends-on-data'],
  allowedIn: [],
  check: onAddColumn((added) => {
    const { table, name, has } = added;
    const value = has('DefaultColumnConstraint');
    const isNull = value?.type !== 'DefaultColumnConstraint' || value.expr.type === 'NullLiteral';
    if (has('ForeignKeyColumnConstraint') === undefined || isNull) return undefined;
    return {
      message: `with foreign keys on, SQLite refuses a reference with a default: no row of ${table} may point anywhere by ${name} yet`,
      safe: wholeColumn(added),
    };
  }),
};

export const addColumnRules: readonly SqliteRule[] = [
  requiredField,
  defaultOfRow,
  storedField,
  uniqueField('UniqueColumnConstraint', 'disallowed-unique-constraint'),
  uniqueField('PrimaryKeyColumnConstraint', 'adding-primary-key'),
  reference,
];
