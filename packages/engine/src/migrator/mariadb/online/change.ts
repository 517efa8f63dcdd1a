// The ALTER TABLE of a file with `@online`, in parts for a tool: table and alterations. What such tools do wrong is
// refused here: they copy each row by the names of its columns and pass over rows that the new table refuses.

import { isWord, type MariadbStatement } from '../parse.ts';
import { alterationsOf } from '../rules/alteration.ts';
import { after, begins, nameOf, outside, readName, says, textOf } from '../rules/tokens-of.ts';
import type { Token } from '../tokens.ts';

export interface OnlineChange {
  /** As it is written, without quotes: only letters, digits, `_` and `$`. */
  readonly table: string;
  /** What follows the name of the table. */
  readonly alter: string;
}

export type OnlineReading =
  | { readonly ok: true; readonly change: OnlineChange }
  | { readonly ok: false; readonly line: number; readonly problem: string };

export function readOnlineChange(statements: readonly MariadbStatement[]): OnlineReading {
  const [statement, second] = statements;
  if (statement === undefined) return { ok: false, line: 1, problem: 'holds no statement' };
  const no = (problem: string, { line } = statement): OnlineReading => ({ ok: false, line, problem });
  if (second) return no('a tool makes one change of one table: a second statement begins here', second);
  const { tokens, text } = statement;
  const head = after(tokens, 'ALTER', 'ONLINE', 'IGNORE');
  if (!begins(tokens, 'ALTER') || !begins(head, 'TABLE')) return no('a tool changes tables: expected ALTER TABLE');
  if (head.length < tokens.length - 1) return no('ONLINE and IGNORE are for the server: a tool has its own ways');
  const { rest } = readName(head.slice(1));
  const name = head[1]?.text.replace(/^`(.*)`$/, '$1') ?? '';
  if (!/^[\w$]{1,64}$/.test(name) || rest.length !== head.length - 2)
    return no('a tool is given only the name of a table of this database: letters, digits, _ and $');
  const problem = alterationsOf(statement)
    .map(({ tokens: each }) => problemOf(each))
    .find(Boolean);
  if (problem !== undefined) return no(problem);
  return { ok: true, change: { table: name, alter: textOf(rest, text, tokens[0]?.at ?? 0) } };
}

function problemOf(tokens: readonly Token[]): string | undefined {
  if (outside(tokens).some((token) => isWord(token, 'ALGORITHM', 'LOCK')) || isWord(tokens[0], 'WAIT', 'NOWAIT'))
    return 'ALGORITHM, LOCK and WAIT are for the server: leave them out of what a tool does';
  if (begins(tokens, 'RENAME') && !isWord(tokens[1], 'INDEX', 'KEY'))
    return 'a tool copies rows by the names of table and columns: what is renamed would be left empty';
  if (isWord(tokens[0], 'CHANGE') && isOtherName(tokens))
    return 'a tool copies rows by the names of columns: the column with the new name would be left empty';
  if (says(tokens, 'FOREIGN', 'KEY') || says(tokens, 'REFERENCES'))
    return 'a tool gives foreign keys other names in its copy: change them in a file without @online';
  if (begins(tokens, 'ADD') && (says(tokens, 'UNIQUE') || says(tokens, 'PRIMARY', 'KEY')))
    return 'a tool passes over rows that a unique key refuses: they would be lost without a word';
  if (begins(tokens, 'DROP', 'PRIMARY')) return 'a tool needs the primary key, by which it finds the rows that change';
  if (isWord(tokens[0], 'PARTITION') || (isWord(tokens[1], 'PARTITION') && !begins(tokens, 'PARTITION', 'BY')))
    return 'only the server changes partitions';
  return undefined;
}

function isOtherName(tokens: readonly Token[]): boolean {
  const [from, to] = after(tokens.slice(1), 'COLUMN', 'IF', 'EXISTS');
  return nameOf(from) !== nameOf(to);
}
