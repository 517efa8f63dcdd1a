// Columns: what the old release still writes without, still reads, or still calls by its name.

import { type Hazard, hazards, type Rule, steps } from '../../lint/rule.ts';
import { isWord, type MariadbStatement } from '../parse.ts';
import { addedColumns, alterationsOf, type ColumnDefinition, changedColumns, isColumnName } from './alteration.ts';
import { isInKey, loosened, someValue } from './definition.ts';
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
          message: `the server takes it at once, and then refuses every INSERT of the old release, which gives no ${each.table}.${each.column} (error 1364)${isInKey(each) ? '; no safe form: it is part of a key, so each row needs a value of its own' : ''}`,
          safe: isInKey(each) ? undefined : laterRequired(each, history),
        })),
    ),
};

function laterRequired(definition: ColumnDefinition, history: History): string {
  const { table, column, text } = definition;
  const [t, c] = [quoted(table), quoted(column)];
  const value = `${someValue(definition)} /* the value for rows that are there */`;
  return steps(
    ['expand', `ALTER TABLE ${t} ADD COLUMN ${c} ${loosened(definition)};`],
    ['backfill', ...fill(table, `${c} = ${value}`, `${c} IS NULL`, history)],
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
    const renamed = alterationsOf(statement).flatMap(({ table, tokens }) => {
      if (!begins(tokens, 'RENAME', 'COLUMN')) return [];
      const from = nameOf(after(tokens.slice(2), 'IF', 'EXISTS')[0]);
      const definition = history.definitions.get(`${table}.${from}`);
      return [{ table, from, to: nameOf(tokens.at(-1)), definition }];
    });
    const changed = changedColumns(statement).flatMap((definition) => {
      const { table, column: from, newName: to } = definition;
      return from === to ? [] : [{ table, from, to, definition }];
    });
    return hazards(
      ...[...renamed, ...changed]
        .filter(({ table, from }) => !isNewColumn(history, table, from))
        .map(({ table, from, to, definition }) => {
          const why = whyNoSecond({ table, from, definition }, history);
          return {
            message: `the old release asks for ${table}.${from}, which is called ${to} now${why === undefined ? '' : `; no safe form: ${why}`}`,
            safe: definition && why === undefined ? secondColumn({ table, from, to, definition }, history) : undefined,
          };
        }),
    );
  },
};

interface Renamed {
  readonly table: string;
  readonly from: string;
  readonly to: string;
  readonly definition: ColumnDefinition;
}

function whyNoSecond(
  {
    table,
    from,
    definition,
  }: { readonly table: string; readonly from: string; readonly definition: ColumnDefinition | undefined },
  history: History,
): string | undefined {
  if (!definition)
    return `these migrations do not show the type of ${from}: say it with CHANGE, and the form can be written`;
  const known = history.definitions.get(`${table}.${from}`);
  return isInKey(definition) || (known && isInKey(known)) || history.keys.get(table) === from
    ? `${from} is part of a key, which a second column does not take over`
    : undefined;
}

/** Both columns, synchronized by two triggers while both releases run. */
function secondColumn({ table, from, to, definition }: Renamed, history: History): string {
  const [t, a, b] = [quoted(table), quoted(from), quoted(to)];
  // The second one has no default, so that a value in it was given by a release.
  const either = `SET NEW.${b} = COALESCE(NEW.${b}, NEW.${a}), NEW.${a} = NEW.${b}`;
  const changed = `IF NOT NEW.${b} <=> OLD.${b} THEN SET NEW.${a} = NEW.${b}; ELSE SET NEW.${b} = NEW.${a}; END IF`;
  const trigger = (when: string, what: string) =>
    `CREATE TRIGGER ${quoted(`${table}_${to}_${when.toLowerCase()}`)} BEFORE ${when} ON ${t} FOR EACH ROW ${what};`;
  const loose = loosened(definition);
  return steps(
    [
      'expand',
      '-- @sync',
      `ALTER TABLE ${t} ADD COLUMN ${b} ${loose};`,
      trigger('INSERT', either),
      trigger('UPDATE', changed),
    ],
    ['backfill', ...fill(table, `${b} = ${a}`, `NOT ${b} <=> ${a}`, history)],
    [
      'contract',
      `DROP TRIGGER ${quoted(`${table}_${to}_insert`)};`,
      `DROP TRIGGER ${quoted(`${table}_${to}_update`)};`,
      ...(loose === definition.text ? [] : [`ALTER TABLE ${t} MODIFY COLUMN ${b} ${definition.text};`]),
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
        .map(({ table, column, newName }) => ({
          message: `INSERTs of the old release that give no ${table}.${column}, or NULL, are refused`,
          // Under a new name it is a second column that is tightened in the end.
          safe: column === newName ? steps(['contract', `${statement.text};`]) : undefined,
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
        // Tightened in contract, which a separate rule allows: the server is still asked whether writers wait.
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
