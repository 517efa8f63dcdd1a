// The statement that reverses an expand step's statement, where one can be derived from its text.

import { isWord, type MariadbStatement } from '../parse.ts';
import { addedColumns, alterationsOf } from './alteration.ts';
import { createdObject } from './history.ts';
import { after, begins, nameOf, quoted, readName } from './tokens-of.ts';

export function reverseMariadb(statement: MariadbStatement): string | undefined {
  const { tokens } = statement;
  const created = createdObject(statement);
  if (created && !begins(tokens, 'CREATE', 'OR')) return `DROP ${created.kind} ${quoted(created.name)};`;
  const at = tokens.findIndex((token) => isWord(token, 'INDEX'));
  if (begins(tokens, 'CREATE') && at > 0 && at < 3)
    return dropIndex(after(tokens.slice(at + 1), 'IF', 'NOT', 'EXISTS'));
  const columns = addedColumns(statement);
  if (columns.length === 0 || columns.length !== alterationsOf(statement).length) return undefined;
  const drops = columns.map(({ column }) => `DROP COLUMN ${quoted(column)}`).toReversed();
  return `ALTER TABLE ${quoted(columns[0]?.table ?? '')} ${drops.join(', ')};`;
}

function dropIndex(tokens: MariadbStatement['tokens']): string | undefined {
  const on = tokens.findIndex((token) => isWord(token, 'ON'));
  if (on < 1) return undefined;
  return `DROP INDEX ${quoted(nameOf(tokens[0]))} ON ${quoted(readName(tokens.slice(on + 1)).name)};`;
}
