// The kind of a statement decides how a run that was cut off in the middle of it continues. Pure.

import { isWord, type MariadbStatement } from './parse.ts';

/**
 * `data` can be one transaction with the ledger; `schema` commits by itself, and its effect can be seen in the catalog;
 * `repeatable` may simply be run again; `session` must be; of `opaque` it is unknown whether it has happened.
 */
export type StatementKind = 'data' | 'schema' | 'repeatable' | 'session' | 'opaque' | 'control';

const kinds: Readonly<Record<Exclude<StatementKind, 'opaque'>, readonly string[]>> = {
  data: ['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'WITH', 'SELECT', 'VALUES', 'DO'],
  schema: ['CREATE', 'ALTER', 'DROP', 'RENAME'],
  repeatable: ['TRUNCATE', 'ANALYZE', 'OPTIMIZE', 'CHECK', 'REPAIR', 'FLUSH', 'GRANT', 'REVOKE', 'SHOW', 'DESCRIBE'],
  session: ['SET'],
  control: ['BEGIN', 'START', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE', 'LOCK', 'UNLOCK', 'XA', 'USE'],
};

/** What the catalog does not hold. */
const unseen = ['USER', 'ROLE', 'SERVER', 'DATABASE', 'SCHEMA', 'TEMPORARY', 'TABLESPACE'];

export function kindOf({ tokens }: MariadbStatement): StatementKind {
  const [first, second] = tokens;
  if (isWord(first, 'BEGIN') && isWord(second, 'NOT')) return 'opaque';
  const [kind] = Object.entries(kinds).find(([, words]) => isWord(first, ...words)) ?? ['opaque'];
  const hides = kind === 'schema' && tokens.slice(1, 4).some((token) => isWord(token, ...unseen));
  return hides ? 'opaque' : (kind as StatementKind);
}

/** It declares that no session has to wait for it: then it may take its time. */
export function isOnline({ tokens }: MariadbStatement): boolean {
  return tokens.some((token, at) => {
    if (!isWord(token, 'LOCK')) return false;
    return isWord(tokens[at + 1]?.text === '=' ? tokens[at + 2] : tokens[at + 1], 'NONE');
  });
}

/** DROP of several objects drops one after the other: half of it may have happened. */
export function isPiecemeal({ tokens }: MariadbStatement): boolean {
  return isWord(tokens[0], 'DROP') && tokens.some(({ text }) => text === ',');
}

/** Every name in it, unquoted, in small letters. */
export function namesIn({ tokens }: MariadbStatement): ReadonlySet<string> {
  const names = tokens.flatMap(({ kind, text }) => {
    if (kind === 'word') return [text.toLowerCase()];
    return kind === 'name' ? [text.slice(1, -1).replaceAll('``', '`').toLowerCase()] : [];
  });
  return new Set(names);
}
