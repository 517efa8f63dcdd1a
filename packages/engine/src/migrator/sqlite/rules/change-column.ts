// Columns and constraints that the old release goes on using.

import { steps } from '../../lint/rule.ts';
import { isNewColumn, keyOf, plain } from './history.ts';
import { onAlter } from './on-alter.ts';
import { quoted, type SqliteRule } from './sqlite-rule.ts';

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

export const changeColumnRules: readonly SqliteRule[] = [
  dropColumn,
  renameColumn,
  setNotNull,
  dropNotNull,
  addConstraint,
  dropConstraint,
];
