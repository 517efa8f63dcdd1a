// Tables and what belongs to them: constraints, other objects, and what makes writers wait with any algorithm.

import { hazards, noHazard, steps } from '../../lint/rule.ts';
import { isWord, type MariadbStatement } from '../parse.ts';
import type { Token } from '../tokens.ts';
import { alterationsOf } from './alteration.ts';
import { type MariadbRule, onAlterations } from './column-rules.ts';
import { createdObject, isNewObject, isNewTable, renamedTables } from './history.ts';
import { after, begins, nameOf, parts, quoted, readName, says } from './tokens-of.ts';

const dropTable: MariadbRule = {
  id: 'ban-drop-table',
  classes: ['breaks-old', 'loses-data'],
  allowedIn: ['contract', 'revert'],
  check: ({ tokens, text }, { history }) => {
    const rest = after(tokens, 'DROP', 'TEMPORARY');
    if (!begins(tokens, 'DROP') || !isWord(rest[0], 'TABLE', 'TABLES')) return noHazard;
    const listed = parts(after(rest.slice(1), 'IF', 'EXISTS'));
    const names = listed.map((each) => readName(each).name);
    const old = names.filter((name) => !isNewTable(history, name));
    if (old.length === 0) return noHazard;
    return [
      {
        message: `the old release still uses ${old.join(', ')}, and the rows are gone for good`,
        safe: steps(['contract', ...oneByOne({ tokens, text }, listed)]),
      },
    ];
  },
};

/** Each with the words that come before the first name. */
function oneByOne(
  { tokens, text }: Pick<MariadbStatement, 'tokens' | 'text'>,
  listed: readonly (readonly Token[])[],
): readonly string[] {
  const words = text.slice(0, (listed[0]?.[0]?.at ?? 0) - (tokens[0]?.at ?? 0));
  return listed.map((each) => `${words}${quoted(readName(each).name)};`);
}

const dropDatabase: MariadbRule = {
  id: 'ban-drop-database',
  classes: ['breaks-old', 'loses-data'],
  allowedIn: [],
  check: ({ tokens }) =>
    begins(tokens, 'DROP') && isWord(tokens[1], 'DATABASE', 'SCHEMA')
      ? [{ message: 'the whole database is gone for good; no migration needs that', safe: undefined }]
      : noHazard,
};

const objects = ['VIEW', 'TRIGGER', 'PROCEDURE', 'FUNCTION', 'EVENT', 'SEQUENCE'];

const dropObject: MariadbRule = {
  id: 'ban-drop-object',
  classes: ['breaks-old'],
  allowedIn: ['contract', 'revert'],
  check: ({ tokens, text }, { history }) => {
    if (!begins(tokens, 'DROP') || !isWord(tokens[1], ...objects)) return noHazard;
    const { name } = readName(after(tokens.slice(2), 'IF', 'EXISTS'));
    if (isNewObject(history, name)) return noHazard;
    return [
      {
        message: `what the old release does with the ${tokens[1]?.text.toLowerCase()} ${name} fails or is done no more`,
        safe: steps(['contract', `${text};`]),
      },
    ];
  },
};

const onePerDrop: MariadbRule = {
  id: 'one-object-per-drop',
  classes: ['transaction'],
  allowedIn: [],
  check: ({ tokens, text }) => {
    const names = begins(tokens, 'DROP') ? parts(after(tokens.slice(2), 'IF', 'EXISTS')) : [];
    if (names.length < 2 || isWord(tokens[1], 'USER', 'ROLE')) return noHazard;
    return [
      {
        message: 'the server drops one after the other: after a cut in the middle it is not known which are gone',
        safe: steps(['contract', ...oneByOne({ tokens, text }, names)]),
      },
    ];
  },
};

const renamingTable: MariadbRule = {
  id: 'renaming-table',
  classes: ['breaks-old'],
  allowedIn: [],
  check: (statement, { history }) => {
    const altered = alterationsOf(statement).flatMap(({ table, tokens }) =>
      begins(tokens, 'RENAME') && !isWord(tokens[1], 'COLUMN', 'INDEX', 'KEY')
        ? [[table, nameOf(tokens.at(-1))] as const]
        : [],
    );
    return hazards(
      ...[...altered, ...renamedTables(statement)]
        .filter(([from]) => !isNewTable(history, from))
        .map(([from, to]) => ({
          message: `the old release asks for the table ${from}, which is called ${to} now; between the change of the name and a view in its place the server lets statements fail`,
          // The other way about is no trap: the new name is the view's. It stays: to put the table in its place, the view
          // would have to go first, and what asks in between fails.
          safe: steps(['expand', `CREATE VIEW ${quoted(to)} AS SELECT * FROM ${quoted(from)};`]),
        })),
    );
  },
};

const constraining: MariadbRule = {
  id: 'constraining-old-writes',
  classes: ['breaks-old', 'locks', 'depends-on-data'],
  allowedIn: ['contract', 'revert'],
  check: (statement, { history }) =>
    onAlterations(statement, ({ table, tokens, text }) => {
      const isCheck =
        begins(tokens, 'ADD') &&
        (isWord(tokens[1], 'CHECK') || (begins(tokens, 'ADD', 'CONSTRAINT') && says(tokens, 'CHECK')));
      if (!isCheck || isNewTable(history, table)) return undefined;
      return {
        message: `what the old release writes to ${table} may be refused, and the table is copied while every writer waits`,
        safe: steps(['contract', `ALTER TABLE ${quoted(table)} ${text};`]),
      };
    }),
};

const foreignKey: MariadbRule = {
  id: 'adding-foreign-key-constraint',
  classes: ['breaks-old', 'locks', 'depends-on-data'],
  allowedIn: ['contract'],
  check: (statement, { history }) =>
    onAlterations(statement, ({ table, tokens, text }) => {
      if (!begins(tokens, 'ADD') || !says(tokens, 'FOREIGN', 'KEY') || isNewTable(history, table)) return undefined;
      return {
        message: `what the old release writes to ${table} may be refused, and the table is copied while every writer waits`,
        safe: steps(['contract', `ALTER TABLE ${quoted(table)} ${text};`]),
      };
    }),
};

const unique: MariadbRule = {
  id: 'adding-unique-index',
  classes: ['breaks-old', 'depends-on-data'],
  allowedIn: ['contract', 'revert'],
  check: (statement, { history }) => {
    const { tokens, text } = statement;
    const at = tokens.findIndex((token) => isWord(token, 'ON'));
    const created = /^CREATE\s+(?:OR\s+REPLACE\s+)?UNIQUE\b/i.test(text)
      ? [{ table: readName(tokens.slice(at + 1)).name, isSafe: true }]
      : [];
    const altered = alterationsOf(statement)
      .filter((each) => begins(each.tokens, 'ADD') && says(each.tokens, 'UNIQUE'))
      // All existing rows would get the same value.
      .map(({ table, tokens: each }) => ({ table, isSafe: !says(each, 'NOT', 'NULL') }));
    return hazards(
      ...[...created, ...altered]
        .filter(({ table }) => !isNewTable(history, table))
        .map(({ table, isSafe }) => ({
          message: `the old release may still write the same value twice to ${table}, and rows that do stop this`,
          safe: isSafe ? steps(['contract', `${text};`]) : undefined,
        })),
    );
  },
};

const dropConstraint: MariadbRule = {
  id: 'dropping-constraint',
  classes: ['breaks-old', 'loses-data'],
  allowedIn: ['contract', 'revert'],
  check: (statement, { history }) =>
    onAlterations(statement, ({ table, tokens, text }) => {
      const isOne = begins(tokens, 'DROP') && isWord(tokens[1], 'CONSTRAINT', 'FOREIGN', 'PRIMARY', 'CHECK');
      if (!isOne || isNewTable(history, table)) return undefined;
      return {
        message: `rows that break what both releases rely on can be written to ${table} from now on`,
        safe: steps(['contract', `ALTER TABLE ${quoted(table)} ${text};`]),
      };
    }),
};

const charset: MariadbRule = {
  id: 'converting-charset',
  classes: ['locks'],
  allowedIn: [],
  check: (statement, { history }) =>
    onAlterations(statement, ({ table, tokens }) =>
      begins(tokens, 'CONVERT', 'TO') && !isNewTable(history, table)
        ? { message: `the whole of ${table} is copied while every writer waits`, safe: undefined }
        : undefined,
    ),
};

const replacing: MariadbRule = {
  id: 'replacing-object',
  classes: ['breaks-old'],
  allowedIn: ['contract', 'revert'],
  check: (statement, { history, isSync }) => {
    const created = createdObject(statement);
    if (!created || !begins(statement.tokens, 'CREATE', 'OR', 'REPLACE')) return noHazard;
    if (isSync || isNewObject(history, created.name) || isNewTable(history, created.name)) return noHazard;
    const isTable = created.kind === 'TABLE';
    const isThere = history.objects.has(created.name) || history.tables.has(created.name);
    return [
      {
        message: isTable
          ? `where ${created.name} is there already it is dropped with all its rows`
          : `the old release uses ${created.name} as it was: give the new one another name`,
        safe: isThere ? undefined : steps(['expand', `${statement.text.replace(/\bOR\s+REPLACE\s+/i, '')};`]),
        ...(isTable ? {} : { severity: 'review' as const }),
      },
    ];
  },
};

const trigger: MariadbRule = {
  id: 'creating-trigger',
  classes: ['breaks-old'],
  allowedIn: ['contract', 'revert'],
  check: (statement, { history, isSync }) => {
    if (createdObject(statement)?.kind !== 'TRIGGER' || isSync) return noHazard;
    const at = statement.tokens.findIndex((token) => isWord(token, 'ON'));
    const { name } = readName(statement.tokens.slice(at + 1));
    if (isNewTable(history, name)) return noHazard;
    return [
      {
        message: `what the old release writes to ${name} is changed or refused by it; a trigger that only keeps two columns in step is declared with @sync`,
        safe: steps(['expand', '-- @sync', `${statement.text};`]),
      },
    ];
  },
};

export const tableRules: readonly MariadbRule[] = [
  dropTable,
  dropDatabase,
  dropObject,
  onePerDrop,
  renamingTable,
  constraining,
  foreignKey,
  unique,
  dropConstraint,
  charset,
  replacing,
  trigger,
];
