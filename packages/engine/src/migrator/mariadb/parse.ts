// A file as statements. Bodies of triggers and routines are written plainly, with BEGIN and END, and without DELIMITER:
// that is a command of a client.

import { createHash } from 'node:crypto';
import type { SqlProblem, Statement } from '../dialect.ts';
import { lineCounter } from '../lint/text.ts';
import { type Token, tokenize } from './tokens.ts';

export interface MariadbStatement extends Statement {
  readonly tokens: readonly Token[];
}

export type MariadbStatements =
  | { readonly ok: true; readonly statements: readonly MariadbStatement[] }
  | { readonly ok: false; readonly problem: SqlProblem };

export function parseMariadb(text: string): MariadbStatements {
  const found = tokenize(text);
  if (!found.ok) return found;
  const lineOf = lineCounter(text);
  const statements: MariadbStatement[] = [];
  for (const tokens of splitTokens(found.tokens)) {
    const [first, last] = [tokens[0], tokens.at(-1)];
    if (!first || !last) continue;
    const line = lineOf(first.at);
    if (isWord(first, 'DELIMITER'))
      return {
        ok: false,
        problem: { line, problem: 'DELIMITER is a command of a client: bodies with BEGIN and END need none' },
      };
    statements.push({ text: text.slice(first.at, last.at + last.text.length), line, tokens });
  }
  return { ok: true, statements };
}

/** Equal for texts that differ only in comments, white space or case. */
export function fingerprintMariadb(text: string): string {
  const hash = createHash('sha256');
  const found = tokenize(text);
  if (!found.ok) return hash.update(text).digest('hex'); // what is no SQL is equal to itself only
  for (const tokens of splitTokens(found.tokens)) {
    for (const token of tokens) hash.update(`${token.kind === 'word' ? token.text.toLowerCase() : token.text}\0`);
    hash.update(';\0');
  }
  return hash.digest('hex');
}

/** The statement of a backfill between two keys, which are given as literals. */
export function withBounds({ text, tokens }: MariadbStatement, bounds: { readonly from: string; readonly to: string }) {
  const start = tokens[0]?.at ?? 0;
  let [sql, at] = ['', 0];
  for (const [index, { text: name, at: place }] of tokens.entries()) {
    const colon = tokens[index - 1];
    if ((name !== 'from' && name !== 'to') || colon?.text !== ':' || colon.at !== place - 1) continue;
    sql += text.slice(at, colon.at - start) + bounds[name];
    at = place - start + name.length;
  }
  return sql + text.slice(at);
}

export const isWord = (token: Token | undefined, ...words: readonly string[]): boolean =>
  token?.kind === 'word' && words.includes(token.text.toUpperCase());

function splitTokens(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const statements: Token[][] = [];
  let present: Token[] = [];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === ';' && depth === 0) {
      if (present.length > 0) statements.push(present);
      present = [];
      continue;
    }
    if (isBody(present)) depth = Math.max(0, depth + nesting(token, present.at(-1)));
    present.push(token);
    if (present.length === 3 && isBlock(present)) depth = 1;
  }
  return present.length > 0 ? [...statements, present] : statements;
}

const bodies = ['TRIGGER', 'PROCEDURE', 'FUNCTION', 'EVENT', 'PACKAGE'];

/** A statement with other statements inside: their semicolons are its own. */
function isBody(tokens: readonly Token[]): boolean {
  if (isBlock(tokens)) return true;
  return isWord(tokens[0], 'CREATE') && tokens.slice(1, 14).some((token) => isWord(token, ...bodies));
}

/** BEGIN NOT ATOMIC: a body without a name. */
const isBlock = ([first, second, third]: readonly Token[]): boolean =>
  isWord(first, 'BEGIN') && isWord(second, 'NOT') && isWord(third, 'ATOMIC');

const opensAnywhere = ['BEGIN', 'CASE'];
const opensStatements = ['IF', 'LOOP', 'WHILE', 'REPEAT'];
const beforeStatements = ['BEGIN', 'THEN', 'ELSE', 'DO', 'LOOP', 'REPEAT', 'ROW', 'DETERMINISTIC', 'DATA', 'SQL'];

/** IF, LOOP, WHILE and REPEAT are functions as well, or belong to END: they open where a statement may begin. */
function nesting(token: Token, before: Token | undefined): number {
  if (isWord(token, 'END')) return -1;
  if (isWord(before, 'END')) return 0;
  if (isWord(token, ...opensAnywhere)) return 1;
  const mayBegin = before?.kind === 'symbol' ? /[;:)]/.test(before.text) : isWord(before, ...beforeStatements);
  return mayBegin && isWord(token, ...opensStatements) ? 1 : 0;
}
