// ALTER TABLE in SQLite: much of it is instant, some is refused, and the old release sees all of it.

import type { AddColumnAlterTableBody, AlterTableStmt, ColumnConstraint } from 'sqlite3-parser';
import { type Hazard, hazards, noHazard, steps } from '../../lint/rule.ts';
import { type SqliteStatement, wordsOf } from '../parse.ts';
import { isNewColumn, isNewTable, keyOf, plain } from './history.ts';
import { quoted, type SqliteRule, type SqliteScene } from './sqlite-rule.ts';

type Body = AlterTableStmt['body'];
interface Altered<B extends Body> {
  readonly statement: SqliteStatement;
  readonly body: B;
  /** As it is remembered, and as the author wrote it. */
  readonly table: string;
  readonly sql: string;
  readonly scene: SqliteScene;
}

/** Looks at one kind of ALTER TABLE, on a table that was there before. */
function onAlter<K extends Body['type']>(
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

const dropColumn: SqliteRule = {
  id: 'ban-drop-column',
  classes: ['breaks-old', 'loses-data'],
  allowedIn: ['contract', 'revert'],
  check: onAlter('DropColumnAlterTableBody', ({ table, body, statement, scene }) =>
    isNewColumn(scene.history, table, plain(body.column))
      ? undefined
      : {
          message: `the old release still reads and writes ${table}.${plain(body.column)}, and its values are gone for good`,
          safe: steps(['contract', `${statement.text};`]),
        },
  ),
};

const renameColumn: SqliteRule = {
  id: 'renaming-column',
  classes: ['breaks-old'],
  allowedIn: [],
  check: onAlter('RenameColumnAlterTableBody', ({ table, sql, body, scene }) => {
    const [old, name] = [plain(body.old), plain(body.new)];
    if (isNewColumn(scene.history, table, old)) return undefined;
    return {
      message: `the old release asks for ${table}.${old}, which is called ${name} now`,
      safe: secondColumn(table, sql, keyOf(scene.history, table), old, name),
    };
  }),
};

/** Triggers that write to the row again end by their WHEN: the two columns are equal then. */
function secondColumn(table: string, sql: string, key: string, old: string, name: string): string {
  const [was, now, id] = [quoted(old), quoted(name), quoted(key)];
  const trigger = (what: string, when: string, set: string): string =>
    `CREATE TRIGGER ${quoted(`${table}_${name}_${what}`)} AFTER ${when} ON ${sql} WHEN NEW.${was} IS NOT NEW.${now} BEGIN UPDATE ${sql} SET ${set} WHERE ${id} = NEW.${id}; END;`;
  const drop = (what: string): string => `DROP TRIGGER ${quoted(`${table}_${name}_${what}`)};`;
  return steps(
    [
      'expand',
      '-- @sync',
      `ALTER TABLE ${sql} ADD COLUMN ${now};`,
      trigger(
        'insert',
        'INSERT',
        `${now} = coalesce(NEW.${now}, NEW.${was}), ${was} = coalesce(NEW.${now}, NEW.${was})`,
      ),
      trigger('forward', `UPDATE OF ${was}`, `${now} = NEW.${was}`),
      trigger('back', `UPDATE OF ${now}`, `${was} = NEW.${now}`),
    ],
    [
      'backfill',
      `-- @table ${table}`,
      `-- @key ${key}`,
      `UPDATE ${sql} SET ${now} = ${was} WHERE ${id} BETWEEN :from AND :to AND ${now} IS NOT ${was};`,
    ],
    ['contract', drop('insert'), drop('forward'), drop('back'), `ALTER TABLE ${sql} DROP COLUMN ${was};`],
  );
}

const setNotNull: SqliteRule = {
  id: 'adding-not-nullable-field',
  classes: ['breaks-old', 'depends-on-data'],
  allowedIn: ['contract', 'revert'],
  check: onAlter('SetColumnNotNullAlterTableBody', ({ table, body, statement }) => ({
    message: `the old release may write NULL into ${table}.${plain(body.column)}, and its users would see errors`,
    safe: steps(['contract', `${statement.text};`]),
  })),
};

const dropNotNull: SqliteRule = {
  id: 'ban-drop-not-null',
  classes: ['breaks-old'],
  allowedIn: ['contract', 'revert'],
  check: onAlter('DropColumnNotNullAlterTableBody', ({ table, body, statement, scene }) =>
    isNewColumn(scene.history, table, plain(body.column))
      ? undefined
      : {
          message: `the old release may meet NULL in ${table}.${plain(body.column)}, where it never did`,
          safe: steps(['contract', `${statement.text};`]),
        },
  ),
};

const addConstraint: SqliteRule = {
  id: 'constraining-old-writes',
  classes: ['breaks-old', 'depends-on-data'],
  allowedIn: ['contract', 'revert'],
  check: onAlter('AddConstraintAlterTableBody', ({ table, statement }) => ({
    message: `the old release may write rows into ${table} that the constraint refuses: its users would see errors`,
    safe: steps(['contract', `${statement.text};`]),
  })),
};

const dropConstraint: SqliteRule = {
  id: 'dropping-constraint',
  classes: ['breaks-old', 'loses-data'],
  allowedIn: ['contract', 'revert'],
  check: onAlter('DropConstraintAlterTableBody', ({ table, body, statement }) => ({
    message: `from now on the new release may write what the old one relies on never to meet in ${table} (${plain(body.name)})`,
    safe: steps(['contract', `${statement.text};`]),
  })),
};

export const columnRules: readonly SqliteRule[] = [
  requiredField,
  defaultOfRow,
  storedField,
  uniqueField('UniqueColumnConstraint', 'disallowed-unique-constraint'),
  uniqueField('PrimaryKeyColumnConstraint', 'adding-primary-key'),
  reference,
  dropColumn,
  renameColumn,
  setNotNull,
  dropNotNull,
  addConstraint,
  dropConstraint,
];
