// Columns and constraints that the old release still uses.

import { steps } from '../../lint/rule.ts';
import { type History, isKnownTable, isNewColumn, keyOf, mentionsOf, plain } from './history.ts';
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
    const hangs = whatHangsOn(scene.history, table, old);
    const about =
      hangs.length > 0
        ? `; no safe form is written here, for it has ${hangs.join(', ')}: add ${name} by hand, keep both in step by triggers, carry these over to ${name}, and only then drop ${old} in a contract`
        : isKnownTable(scene.history, table)
          ? ''
          : `; these migrations do not show what ${table}.${old} has: carry type, NOT NULL, default, indexes and views over to ${name} before the contract`;
    return {
      message: `the old release asks for ${table}.${old}, which is called ${name} now${about}`,
      safe: hangs.length > 0 ? undefined : secondColumn({ table, sql, old, name, history: scene.history }),
    };
  }),
};

/** What SQLite does not add to a column later, and what it refuses to drop the column under. */
function whatHangsOn(history: History, table: string, column: string): readonly string[] {
  const known = history.tables.get(table);
  const isMore = known?.definitions.get(column)?.hasMore === true;
  const isInTable = new RegExp(
    `\\b(?:UNIQUE|KEY|CHECK)\\s*\\([^)]*(?<!\\w)${column.replaceAll(/\W/g, '.')}(?!\\w)`,
    'i',
  ).test(known?.text ?? '');
  return [
    ...(isMore ? ['a default, a key, a check or a reference'] : isInTable ? ['a key or a check of the table'] : []),
    ...mentionsOf(history, table, column),
  ];
}

interface Second {
  readonly table: string;
  readonly sql: string;
  readonly old: string;
  readonly name: string;
  readonly history: History;
}

/** Triggers that write to the row again end by their WHEN: the two columns are equal then. */
function secondColumn({ table, sql, old, name, history }: Second): string {
  const key = keyOf(history, table);
  const known = history.tables.get(table)?.definitions.get(old);
  const [was, now, id] = [quoted(old), quoted(name), quoted(key)];
  const trigger = (what: string, when: string, set: string): string =>
    `CREATE TRIGGER ${quoted(`${table}_${name}_${what}`)} AFTER ${when} ON ${sql} WHEN NEW.${was} IS NOT NEW.${now} BEGIN UPDATE ${sql} SET ${set} WHERE ${id} = NEW.${id}; END;`;
  const drop = (what: string): string => `DROP TRIGGER ${quoted(`${table}_${name}_${what}`)};`;
  const both = `coalesce(NEW.${now}, NEW.${was})`;
  return steps(
    [
      'expand',
      '-- @sync',
      `ALTER TABLE ${sql} ADD COLUMN ${[now, known?.type].filter(Boolean).join(' ')};`,
      trigger('insert', 'INSERT', `${now} = ${both}, ${was} = ${both}`),
      trigger('forward', `UPDATE OF ${was}`, `${now} = NEW.${was}`),
      trigger('back', `UPDATE OF ${now}`, `${was} = NEW.${now}`),
    ],
    [
      'backfill',
      `-- @table ${table}`,
      `-- @key ${key}`,
      `UPDATE ${sql} SET ${now} = ${was} WHERE ${id} BETWEEN :from AND :to AND ${now} IS NOT ${was};`,
    ],
    [
      'contract',
      drop('insert'),
      drop('forward'),
      drop('back'),
      ...(known?.isRequired === true ? [`ALTER TABLE ${sql} ALTER COLUMN ${now} SET NOT NULL;`] : []),
      `ALTER TABLE ${sql} DROP COLUMN ${was};`,
    ],
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
