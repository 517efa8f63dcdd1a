// PostgreSQL's own grammar, from libpg-query (the parser of the server, compiled to WebAssembly). Its positions are
// byte offsets into UTF-8, its errors count characters; here they become lines.

import { createHash } from 'node:crypto';
import type { Node } from 'libpg-query';
import type { SqlProblem, Statement } from '../dialect.ts';
import { firstToken, lineAt, lineCounter, nulByte } from '../lint/text.ts';
import { grammar } from './grammar.ts';

export interface PostgresStatement extends Statement {
  readonly node: Node;
}

export type PostgresStatements =
  | { readonly ok: true; readonly statements: readonly PostgresStatement[] }
  | { readonly ok: false; readonly problem: SqlProblem };

export function parsePostgres(text: string): PostgresStatements {
  const hidden = nulByte(text);
  const problem = hidden ?? deepComment(text);
  if (problem !== undefined) return { ok: false, problem };
  if (text.trim() === '') return { ok: true, statements: [] };
  try {
    return { ok: true, statements: placed(text, grammar().parseSync(withoutBounds(text)).stmts ?? []) };
  } catch (error) {
    return { ok: false, problem: problemOf(text, error) };
  }
}

const deepest = 32;

/** The lexer of the server begins a comment again for each one inside it: 16,000 of them take it seven seconds. */
function deepComment(text: string): SqlProblem | undefined {
  let depth = 0;
  for (let at = 0; ; ) {
    const next = depth === 0 ? outsideComment : insideComment;
    next.lastIndex = at;
    const found = next.exec(text);
    if (found === null) return undefined;
    if (found[0] === '/*') depth += 1;
    if (found[0] === '*/') depth -= 1;
    if (depth > deepest)
      return { line: lineAt(text, found.index), problem: `comments lie more than ${deepest} deep inside one another` };
    at = next.lastIndex;
  }
}

/** Strings and names may hold the signs of a comment without being one. */
const outsideComment = /\/\*|--[^\n]*|'[^']*'|"[^"]*"/g;
const insideComment = /\/\*|\*\//g;

/**
 * Equal for texts that differ only in comments, white space or case. libpg-query's own fingerprint is not used: for it,
 * `DEFAULT 5` and `DEFAULT 6` are the same.
 */
export function fingerprintPostgres(text: string): string {
  const hash = createHash('sha256');
  try {
    for (const token of grammar().scanSync(withoutBounds(text)).tokens)
      if (!token.tokenName.endsWith('COMMENT')) hash.update(`${folded(token.text)}\0`);
  } catch {
    hash.update(text); // what is no SQL is equal to itself only
  }
  return hash.digest('hex');
}

/** Keywords and bare names have no case; quoted names and literals do. */
function folded(token: string): string {
  return /^[a-z_][\w$]*$/i.test(token) ? token.toLowerCase() : token;
}

/** A backfill's `:from` and `:to` are parameters to the grammar; of the same length, so that no place moves. */
function withoutBounds(text: string): string {
  return text.replace(/(?<![:\w]):(from|to)\b/g, (bound) => (bound === ':from' ? '$1   ' : '$2 '));
}

function placed(
  text: string,
  raw: readonly { readonly stmt?: Node; readonly stmt_location?: number; readonly stmt_len?: number }[],
): readonly PostgresStatement[] {
  const bytes = Buffer.from(text);
  const isAscii = bytes.length === text.length;
  const slice = (from: number, to: number): string =>
    isAscii ? text.slice(from, to) : bytes.subarray(from, to).toString();
  const lineOf = lineCounter(isAscii ? text : bytes.toString('latin1')); // one character per byte keeps offsets
  return raw.flatMap(({ stmt, stmt_location: start = 0, stmt_len: length }) => {
    if (stmt === undefined) return [];
    const whole = slice(start, length === undefined || length === 0 ? bytes.length : start + length);
    const first = firstToken(whole, 0);
    const skipped = isAscii ? first : Buffer.byteLength(whole.slice(0, first));
    return [{ text: whole.slice(first).trimEnd(), line: lineOf(start + skipped), node: stmt }];
  });
}

function problemOf(text: string, error: unknown): SqlProblem {
  // A stack overflow inside the module leaves it usable; any error but SQL's own is a bug of this module.
  if (error instanceof RangeError) return { line: 1, problem: 'nested too deeply to be checked: split the expression' };
  if (!grammar().hasSqlDetails(error)) throw error;
  const at = error.sqlDetails?.cursorPosition ?? 0;
  const before = [...text].slice(0, Math.max(at, 0)).join('');
  return { line: lineAt(text, before.length), problem: error.message };
}
