// Columns: what the old release still writes without, still reads, or still calls by its name.

import { type Hazard, hazards, type Rule, steps } from '../../lint/rule.ts';
import { isWord, type MariadbStatement } from '../parse.ts';
import { addedColumns, alterationsOf, type ColumnDefinition, changedColumns, isColumnName } from './alteration.ts';
import { type History, isNewColumn, isNewTable, keyOf } from './history.ts';
import { after, begins, nameOf, quoted, says } from './tokens-of.ts';

export type MariadbRule = Rule<MariadbStatement, History>;

const isFilled = ({ tokens }: ColumnDefinition): boolean =>
  ['DEFAULT', 'AUTO_INCREMENT', 'AS'].some((word) => says(tokens, word));

const isRequired = (definition: ColumnDefinition): boolean =>
  (says(definition.tokens, 'NOT', 'NULL') || says(definition.tokens, 'PRIMARY', 'KEY')) && !isFilled(definition);

const addingRequired: MariadbRule = {
  id: 'adding-required-field',
  classes: ['breaks-old'],
  allowedIn: [],
  check: (statement, { history }) =>
    hazards(
      ...addedColumns(statement)
        .filter((each) => isRequired(each) && !isNewTable(history, each.table))
        .map((each) => ({
          message: `the server takes it at once, and then refuses every INSERT of the old release, which gives no ${each.table}.${each.column} (error 1364)`,
          safe: laterRequired(each, history),
        })),
    ),
};

function laterRequired({ table, column, text }: ColumnDefinition, history: History): string {
  const [t, c] = [quoted(table), quoted(column)];
  const nullable = text.replace(/\s*\bNOT\s+NULL\b/i, '');
  return steps(
    ['expand', `ALTER TABLE ${t} ADD COLUMN ${c} ${nullable};`],
    ['backfill', ...fill(table, `${c} = 0 /* the value for rows that are there */`, `${c} IS NULL`, history)],
    ['contract', `ALTER TABLE ${t} MODIFY COLUMN ${c} ${text};`],
  );
}

function fill(table: string, set: string, only: string, history: History): readonly string[] {
  const [t, k] = [quoted(table), quoted(keyOf(history, table))];
  return [`-- @table ${t}`, `-- @key ${k}`, `UPDATE ${t} SET ${set} WHERE ${k} BETWEEN :from AND :to AND ${only};`];
}

const dropping: MariadbRule = {
  id: 'ban-drop-column',
  classes: ['breaks-old', 'loses-data'],
  allowedIn: ['contract', 'revert'],
  check: (statement, { history }) =>
    onAlterations(statement, ({ table, tokens, text }) => {
      const rest = after(tokens, 'DROP', 'COLUMN', 'IF', 'EXISTS');
      const isColumn = begins(tokens, 'DROP') && (isWord(tokens[1], 'COLUMN') || isColumnName(rest[0]));
      const column = nameOf(rest[0]);
      if (!isColumn || isNewColumn(history, table, column)) return undefined;
      return {
        message: `the old release still reads and writes ${table}.${column}, and its values are gone for good`,
        safe: steps(['contract', `ALTER TABLE ${quoted(table)} ${text};`]),
      };
    }),
};

const renaming: MariadbRule = {
  id: 'renaming-column',
  classes: ['breaks-old'],
  allowedIn: [],
  check: (statement, { history }) => {
    const renamed = alterationsOf(statement).flatMap(({ table, tokens }) =>
      begins(tokens, 'RENAME', 'COLUMN')
        ? [
            {
              table,
              from: nameOf(after(tokens.slice(2), 'IF', 'EXISTS')[0]),
              to: nameOf(tokens.at(-1)),
              type: undefined,
            },
          ]
        : [],
    );
    const changed = changedColumns(statement).flatMap(({ table, column, newName, text }) =>
      column === newName ? [] : [{ table, from: column, to: newName, type: text }],
    );
    return hazards(
      ...[...renamed, ...changed]
        .filter(({ table, from }) => !isNewColumn(history, table, from))
        .map(({ table, from, to, type }) => ({
          message: `the old release asks for ${table}.${from}, which is called ${to} now`,
          safe: secondColumn({ table, from, to, type: type ?? `VARCHAR(255) /* the type of ${from} */` }, history),
        })),
    );
  },
};

interface Renaming {
  readonly table: string;
  readonly from: string;
  readonly to: string;
  readonly type: string;
}

/** Both columns, kept in step by two triggers while both releases live. */
function secondColumn({ table, from, to, type }: Renaming, history: History): string {
  const [t, a, b] = [quoted(table), quoted(from), quoted(to)];
  const either = `SET NEW.${b} = COALESCE(NEW.${b}, NEW.${a}), NEW.${a} = COALESCE(NEW.${a}, NEW.${b})`;
  const changed = `IF NOT NEW.${b} <=> OLD.${b} THEN SET NEW.${a} = NEW.${b}; ELSE SET NEW.${b} = NEW.${a}; END IF`;
  const trigger = (when: string, what: string) =>
    `CREATE TRIGGER ${quoted(`${table}_${to}_${when.toLowerCase()}`)} BEFORE ${when} ON ${t} FOR EACH ROW ${what};`;
  return steps(
    [
      'expand',
      '-- @sync',
      `ALTER TABLE ${t} ADD COLUMN ${b} ${type.replace(/\s*\bNOT\s+NULL\b/i, '')};`,
      trigger('INSERT', either),
      trigger('UPDATE', changed),
    ],
    ['backfill', ...fill(table, `${b} = ${a}`, `NOT ${b} <=> ${a}`, history)],
    [
      'contract',
      `DROP TRIGGER ${quoted(`${table}_${to}_insert`)};`,
      `DROP TRIGGER ${quoted(`${table}_${to}_update`)};`,
      `ALTER TABLE ${t} DROP COLUMN ${a};`,
    ],
  );
}

const tightening: MariadbRule = {
  id: 'adding-not-nullable-field',
  classes: ['breaks-old', 'depends-on-data'],
  allowedIn: ['contract'],
  check: (statement, { history }) =>
    hazards(
      ...changedColumns(statement)
        .filter((each) => isRequired(each) && !isNewColumn(history, each.table, each.column))
        .map(({ table, column }) => ({
          message: `INSERTs of the old release that give no ${table}.${column}, or NULL, are refused`,
          safe: steps(['contract', `${statement.text};`]),
        })),
    ),
};

const retyping: MariadbRule = {
  id: 'changing-column-type',
  classes: ['locks', 'breaks-old', 'depends-on-data'],
  allowedIn: [],
  severity: 'review',
  check: (statement, { history, stage, file }) =>
    hazards(
      ...changedColumns(statement)
        // Tightened in contract, which a rule of its own allows: the server is still asked whether writers wait.
        .filter((each) => !(stage === 'contract' && isRequired(each)))
        .filter(({ table, column }) => !isNewColumn(history, table, column))
        .map(({ table, column }) => ({
          message:
            file.online !== undefined
              ? `whether ${table}.${column} only grows, or cuts values and refuses what the old release writes, cannot be seen in the text: its statements must be tried on a scratch copy`
              : `whether ${table}.${column} only grows, or is copied while writers wait and refuses what the old release writes, cannot be seen in the text: the server must be asked on a scratch copy`,
          safe: undefined,
        })),
    ),
};

const defaults: MariadbRule = {
  id: 'dropping-default',
  classes: ['breaks-old'],
  allowedIn: ['contract', 'revert'],
  check: (statement, { history }) =>
    onAlterations(statement, ({ table, tokens, text }) => {
      const rest = after(tokens, 'ALTER', 'COLUMN');
      const column = nameOf(rest[0]);
      if (!begins(tokens, 'ALTER') || !begins(rest.slice(1), 'DROP', 'DEFAULT') || isNewColumn(history, table, column))
        return undefined;
      return {
        message: `the server refuses INSERTs of the old release that leave ${table}.${column} to its default`,
        safe: steps(['contract', `ALTER TABLE ${quoted(table)} ${text};`]),
      };
    }),
};

const stored: MariadbRule = {
  id: 'adding-stored-generated-field',
  classes: ['locks'],
  allowedIn: [],
  check: (statement, { history }) =>
    hazards(
      ...addedColumns(statement)
        .filter(
          ({ table, tokens }) => !isNewTable(history, table) && (says(tokens, 'STORED') || says(tokens, 'PERSISTENT')),
        )
        .map(({ table, column, text }) => ({
          message: `the whole of ${table} is copied while every writer waits`,
          safe: steps([
            'expand',
            `ALTER TABLE ${quoted(table)} ADD COLUMN ${quoted(column)} ${text.replace(/\b(?:STORED|PERSISTENT)\b/i, 'VIRTUAL')};`,
          ]),
        })),
    ),
};

export function onAlterations(
  statement: MariadbStatement,
  look: (alteration: ReturnType<typeof alterationsOf>[number]) => Hazard | undefined,
): readonly Hazard[] {
  return hazards(...alterationsOf(statement).map(look));
}

export const columnRules: readonly MariadbRule[] = [
  addingRequired,
  dropping,
  renaming,
  tightening,
  retyping,
  defaults,
  stored,
];
