// ADD COLUMN in SQLite: instant, or refused as soon as the table has rows.

import type { AddColumnAlterTableBody, ColumnConstraint } from 'sqlite3-parser';
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

const requiredField: SqliteRule = {
  id: 'adding-required-field',
  classes: ['breaks-old', 'depends-on-data'],
  allowedIn: [],
  check: onAddColumn(({ table, sql, name, has, without }) => {
    const notNull = has('NotNullColumnConstraint');
    if (notNull?.type !== 'NotNullColumnConstraint' || notNull.nullable || has('DefaultColumnConstraint') !== undefined)
      return undefined;
    return {
      message: `the old release does not fill ${table}.${name}; and SQLite refuses the column when the table has rows`,
      safe: steps(
        ['expand', without('NotNullColumnConstraint')],
        ['contract', `ALTER TABLE ${sql} ALTER COLUMN ${quoted(name)} SET NOT NULL;`],
      ),
    };
  }),
};

const defaultOfRow: SqliteRule = {
  id: 'adding-field-with-default',
  classes: ['depends-on-data'],
  allowedIn: [],
  check: onAddColumn(({ statement, table, sql, name, has, without, scene }) => {
    const value = has('DefaultColumnConstraint');
    if (value?.type !== 'DefaultColumnConstraint') return undefined;
    const isConstant = ![
      'ParenthesizedExpr',
      'CurrentTimestampLiteral',
      'CurrentDateLiteral',
      'CurrentTimeLiteral',
    ].includes(value.expr.type);
    if (isConstant) return undefined;
    const expression = wordsOf(statement, value.expr.span).replace(/^DEFAULT\s+/i, '');
    const key = keyOf(scene.history, table);
    return {
      message: `SQLite refuses a default that is no constant (${expression}) when ${table} has rows`,
      safe: steps(
        ['expand', without('DefaultColumnConstraint', 'NotNullColumnConstraint')],
        [
          'backfill',
          `-- @table ${table}`,
          `-- @key ${key}`,
          `UPDATE ${sql} SET ${quoted(name)} = ${expression} WHERE ${quoted(key)} BETWEEN :from AND :to AND ${quoted(name)} IS NULL;`,
        ],
      ),
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
  check: onAddColumn(({ table, sql, name, has, without }) =>
    has(kind) === undefined
      ? undefined
      : {
          message: `SQLite refuses to add a unique column to ${table}: the index of ${name} is a statement of its own`,
          safe: steps([
            'expand',
            without(kind),
            `CREATE UNIQUE INDEX ${quoted(`${table}_${name}`)} ON ${sql} (${quoted(name)});`,
          ]),
        },
  ),
});

const reference: SqliteRule = {
  id: 'adding-foreign-key-constraint',
  classes: ['depends-on-data'],
  allowedIn: [],
  check: onAddColumn(({ table, name, has, without }) => {
    const value = has('DefaultColumnConstraint');
    const isNull = value?.type !== 'DefaultColumnConstraint' || value.expr.type === 'NullLiteral';
    if (has('ForeignKeyColumnConstraint') === undefined || isNull) return undefined;
    return {
      message: `with foreign keys on, SQLite refuses a reference with a default: no row of ${table} may point anywhere by ${name} yet`,
      safe: steps(['expand', without('DefaultColumnConstraint', 'NotNullColumnConstraint')]),
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
