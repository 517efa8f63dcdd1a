// An ALTER TABLE as the list of what it does.

import { isWord, type MariadbStatement } from '../parse.ts';
import type { Token } from '../tokens.ts';
import { after, begins, inside, nameOf, parts, readName, textOf } from './tokens-of.ts';

export interface Alteration {
  readonly table: string;
  readonly tokens: readonly Token[];
  /** As it was written. */
  readonly text: string;
}

export interface ColumnDefinition {
  readonly table: string;
  readonly column: string;
  /** What follows its name. */
  readonly tokens: readonly Token[];
  readonly text: string;
}

export function alterationsOf(statement: MariadbStatement): readonly Alteration[] {
  const { tokens, text } = statement;
  const rest = after(tokens, 'ALTER', 'ONLINE', 'IGNORE');
  if (!begins(tokens, 'ALTER') || !begins(rest, 'TABLE')) return [];
  const { name, rest: specs } = readName(after(rest, 'TABLE', 'IF', 'EXISTS'));
  return parts(after(specs, 'NOWAIT')).map((part) => ({ table: name, tokens: part, text: cut(part, statement, text) }));
}

const cut = (part: readonly Token[], { tokens }: MariadbStatement, text: string): string =>
  textOf(part, text, tokens[0]?.at ?? 0);

const notColumns = [
  'INDEX',
  'KEY',
  'UNIQUE',
  'PRIMARY',
  'FULLTEXT',
  'SPATIAL',
  'CONSTRAINT',
  'FOREIGN',
  'CHECK',
  'PARTITION',
  'PERIOD',
  'SYSTEM',
];

export const isColumnName = (token: Token | undefined): boolean =>
  token?.kind === 'name' || (token?.kind === 'word' && !isWord(token, ...notColumns));

/** `ADD a INT` and `ADD (a INT, b INT)`. */
export function addedColumns(statement: MariadbStatement): readonly ColumnDefinition[] {
  return alterationsOf(statement).flatMap(({ table, tokens }) => {
    if (!begins(tokens, 'ADD')) return [];
    const rest = after(tokens, 'ADD', 'COLUMN', 'IF', 'NOT', 'EXISTS');
    const definitions = rest[0]?.text === '(' ? parts(inside(rest)) : [rest];
    return definitions.flatMap((each) => definition(table, each, statement));
  });
}

/** `MODIFY a INT` and `CHANGE a b INT`, by the old name. */
export function changedColumns(
  statement: MariadbStatement,
): readonly (ColumnDefinition & { readonly newName: string })[] {
  return alterationsOf(statement).flatMap(({ table, tokens }) => {
    if (!isWord(tokens[0], 'MODIFY', 'CHANGE')) return [];
    const rest = after(tokens.slice(1), 'COLUMN', 'IF', 'EXISTS');
    const isChange = isWord(tokens[0], 'CHANGE');
    const [found] = definition(table, rest.slice(isChange ? 1 : 0), statement);
    return found ? [{ ...found, column: nameOf(rest[0]), newName: found.column }] : [];
  });
}

export function createdColumns(statement: MariadbStatement, table: string): readonly ColumnDefinition[] {
  return parts(inside(statement.tokens)).flatMap((each) => definition(table, each, statement));
}

function definition(table: string, tokens: readonly Token[], statement: MariadbStatement): readonly ColumnDefinition[] {
  const [name, ...rest] = tokens;
  if (!isColumnName(name)) return [];
  return [{ table, column: nameOf(name), tokens: rest, text: cut(rest, statement, statement.text) }];
}
