// Rows that are changed all at once, and what a migration may not set: transactions, settings, rights, hidden SQL.

import { noHazard, steps } from '../../lint/rule.ts';
import { isWord } from '../parse.ts';
import { kindOf } from '../statement-kind.ts';
import type { MariadbRule } from './column-rules.ts';
import { hasKey, isNewTable, keyOf } from './history.ts';
import { after, begins, nameOf, outside, quoted, readName, says } from './tokens-of.ts';

/** The one table of an UPDATE or DELETE; undefined where there are several. */
function changedTable(tokens: Parameters<typeof begins>[0]): string | undefined {
  const rest = after(tokens, 'UPDATE', 'DELETE', 'LOW_PRIORITY', 'QUICK', 'IGNORE', 'FROM');
  return isWord(tokens[0], 'UPDATE', 'DELETE') ? readName(rest).name : undefined;
}

const unbatched: MariadbRule = {
  id: 'unbatched-change',
  classes: ['locks'],
  allowedIn: ['backfill'],
  check: ({ tokens, text }, { history }) => {
    const table = changedTable(tokens);
    if (table === undefined || isNewTable(history, table) || isOneRow(text, keyOf(history, table))) return noHazard;
    const safe = hasKey(history, table) ? inBatches(tokens, text, table, keyOf(history, table)) : undefined;
    const why = hasKey(history, table)
      ? 'it names several tables, reads from the table that it changes, or says ORDER BY or LIMIT: write it with the bounds of this table’s own key'
      : `${table} has no primary key to walk it by`;
    return [
      {
        message: `every row that it touches in ${table} stays locked against the users until the last one is done${safe === undefined ? `; no safe form: ${why}` : ''}`,
        safe,
      },
    ];
  },
};

/** The same statement between two keys; undefined where the bounds could not hold for it. */
function inBatches(tokens: Tokens, text: string, table: string, key: string): string | undefined {
  const isOdd =
    ['JOIN', 'USING', 'ORDER', 'LIMIT', 'RETURNING'].some((word) => says(tokens, word)) ||
    hasCommaBefore(tokens, isWord(tokens[0], 'UPDATE') ? 'SET' : 'WHERE') ||
    tokens.filter((token, index) => nameOf(token) === table && tokens[index + 1]?.text !== '.').length > 1;
  if (isOdd) return undefined;
  const [k, t] = [quoted(key), quoted(table)];
  const where = outside(tokens).find((token) => isWord(token, 'WHERE'));
  const at = where === undefined ? text.length : where.at - (tokens[0]?.at ?? 0);
  // In parentheses: an OR would select rows outside the bounds.
  const rest = where === undefined ? '' : ` AND (${text.slice(at + where.text.length).trim()})`;
  return steps([
    'backfill',
    `-- @table ${t}`,
    `-- @key ${k}`,
    `${text.slice(0, at).trimEnd()} WHERE ${k} BETWEEN :from AND :to${rest};`,
  ]);
}

type Tokens = Parameters<typeof begins>[0];

function hasCommaBefore(tokens: Tokens, word: string): boolean {
  const top = outside(tokens);
  const end = top.findIndex((token) => isWord(token, word));
  return top.slice(0, end === -1 ? top.length : end).some(({ text }) => text === ',');
}

/** Picked by constants of the key: a setting, a code, one account. */
function isOneRow(text: string, key: string): boolean {
  const value = `(?:\\d+|'[^']*')`;
  return new RegExp(
    `\\bWHERE\\s+\`?${key}\`?\\s*(?:=\\s*${value}|IN\\s*\\(\\s*${value}(?:\\s*,\\s*${value})*\\s*\\))\\s*$`,
    'i',
  ).test(text);
}

const deleteAll: MariadbRule = {
  id: 'ban-delete-all',
  classes: ['loses-data', 'breaks-old'],
  allowedIn: ['backfill'],
  check: ({ tokens }, { history }) => {
    const table = changedTable(tokens);
    if (!begins(tokens, 'DELETE') || table === undefined || says(tokens, 'WHERE') || isNewTable(history, table))
      return noHazard;
    return [{ message: `every row of ${table} is gone for good, under both releases`, safe: undefined }];
  },
};

const truncate: MariadbRule = {
  id: 'ban-truncate',
  classes: ['loses-data', 'breaks-old', 'locks'],
  allowedIn: [],
  check: ({ tokens }, { history }) => {
    const { name } = readName(after(tokens, 'TRUNCATE', 'TABLE'));
    if (!begins(tokens, 'TRUNCATE') || isNewTable(history, name)) return noHazard;
    return [{ message: `every row of ${name} is gone for good, under both releases`, safe: undefined }];
  },
};

const nesting: MariadbRule = {
  id: 'transaction-nesting',
  classes: ['transaction'],
  allowedIn: [],
  check: (statement) => {
    const [first, second] = statement.tokens;
    if (kindOf(statement) !== 'control' || isWord(first, 'LOCK', 'UNLOCK')) return noHazard;
    const what = isWord(first, 'USE')
      ? 'the database is the one of the address'
      : 'the engine opens and ends transactions';
    const words = [first, second].map((token) => token?.text ?? '').join(' ');
    return [{ message: `${words.trim()} may not stand here: ${what}`, safe: undefined }];
  },
};

const locking: MariadbRule = {
  id: 'explicit-lock',
  classes: ['locks', 'transaction'],
  allowedIn: [],
  check: ({ tokens }) =>
    isWord(tokens[0], 'LOCK', 'UNLOCK')
      ? [{ message: 'locks are the engine’s: one that is taken here stays until the connection ends', safe: undefined }]
      : noHazard,
};

const timeouts = ['lock_wait_timeout', 'innodb_lock_wait_timeout', 'max_statement_time', 'wait_timeout'];

const overriding: MariadbRule = {
  id: 'overriding-timeouts',
  classes: ['locks', 'transaction'],
  allowedIn: [],
  check: ({ tokens }) => {
    const name = tokens.find((token) => begins(tokens, 'SET') && isWord(token, ...spellings(timeouts)));
    return name
      ? [
          {
            message: `with another ${name.text} one forgotten reader stops all sessions behind this migration: the engine sets it, and tries again`,
            safe: undefined,
          },
        ]
      : noHazard;
  },
};

const reading = ['sql_mode', 'old_mode', 'autocommit', 'completion_type'];

const sqlMode: MariadbRule = {
  id: 'overriding-sql-mode',
  classes: ['transaction'],
  allowedIn: [],
  check: ({ tokens }) => {
    const name = tokens.find((token) => begins(tokens, 'SET') && isWord(token, ...spellings(reading)));
    return name
      ? [
          {
            message: `${name.text} decides how the server reads and commits what follows: it would be another text than the one that was checked`,
            safe: undefined,
          },
        ]
      : noHazard;
  },
};

const spellings = (names: readonly string[]): readonly string[] =>
  names.flatMap((name) => [name.toUpperCase(), `@@${name.toUpperCase()}`]);

const opaque: MariadbRule = {
  id: 'opaque-sql',
  classes: ['breaks-old', 'locks'],
  allowedIn: [],
  severity: 'review',
  check: (statement) => {
    const { tokens } = statement;
    const isGlobal = begins(tokens, 'SET') && tokens.some((token) => isWord(token, 'GLOBAL', 'PERSIST'));
    const isUnchecked =
      begins(tokens, 'SET') &&
      tokens.some((token) => isWord(token, ...spellings(['foreign_key_checks', 'unique_checks'])));
    if (kindOf(statement) !== 'opaque' && !isGlobal && !isUnchecked) return noHazard;
    return [
      {
        message: `what ${tokens[0]?.text} does cannot be seen here, and after a cut in the middle it is not known whether it happened`,
        safe: undefined,
      },
    ];
  },
};

const rights: MariadbRule = {
  id: 'changing-rights',
  classes: ['breaks-old'],
  allowedIn: ['contract', 'revert'],
  check: ({ tokens, text }) =>
    isWord(tokens[0], 'REVOKE')
      ? [{ message: 'statements of the old release may be refused', safe: steps(['contract', `${text};`]) }]
      : noHazard,
};

export const runRules: readonly MariadbRule[] = [
  unbatched,
  deleteAll,
  truncate,
  nesting,
  locking,
  overriding,
  sqlMode,
  opaque,
  rights,
];
