// MariaDB's and MySQL's SQL as tokens: enough to find where a statement ends and what it begins with. The server itself
// says whether it is SQL. The driver's sessions know neither ANSI_QUOTES nor NO_BACKSLASH_ESCAPES, so that the server
// reads quotes as they are read here.

import type { SqlProblem } from '../dialect.ts';
import { lineAt, nulByte } from '../lint/text.ts';

export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'symbol';
  readonly text: string;
  readonly at: number;
}

export type Tokens =
  | { readonly ok: true; readonly tokens: readonly Token[] }
  | { readonly ok: false; readonly problem: SqlProblem };

export function tokenize(text: string): Tokens {
  const hidden = nulByte(text);
  if (hidden !== undefined) return { ok: false, problem: hidden };
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const end = afterTrivia(text, at);
    if (typeof end === 'string') return { ok: false, problem: { line: lineAt(text, at), problem: end } };
    if (end > at) {
      at = end;
      continue;
    }
    const token = tokenAt(text, at);
    if (token === undefined)
      return { ok: false, problem: { line: lineAt(text, at), problem: `a quote ${text[at]} is never closed` } };
    tokens.push(token);
    at += token.text.length;
  }
  return { ok: true, tokens };
}

const space = /\s+/y;
const lineComment = /(?:--(?=\s|$)|#)[^\n]*/y;

/** Where the next token or trivia begins; a sentence where a comment must not be passed over. */
function afterTrivia(text: string, at: number): number | string {
  for (const trivia of [space, lineComment]) {
    trivia.lastIndex = at;
    if (trivia.test(text)) return trivia.lastIndex;
  }
  if (!text.startsWith('/*', at)) return at;
  if (/^\/\*M?!/.test(text.slice(at, at + 4)))
    return 'an executable comment runs on the server while people take it for a comment: write the statement itself';
  const end = text.indexOf('*/', at + 2);
  return end === -1 ? 'a comment is never closed' : end + 2;
}

const word = /[\p{L}_$@][\p{L}\p{N}_$@]*/uy;
const number = /(?:\d[\p{L}\p{N}_$]*(?:\.\d*(?:e[+-]?\d+)?)?|\.\d+)/iuy;

function tokenAt(text: string, at: number): Token | undefined {
  const first = text[at] ?? '';
  if (first === "'" || first === '"' || first === '`') {
    const end = endOfQuoted(text, at, first);
    if (end === undefined) return undefined;
    return { kind: first === '`' ? 'name' : 'string', text: text.slice(at, end), at };
  }
  for (const [kind, pattern] of [
    ['number', number],
    ['word', word],
  ] as const) {
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [];
    if (found !== undefined) return { kind, text: found, at };
  }
  return { kind: 'symbol', text: String.fromCodePoint(text.codePointAt(at) ?? 0), at };
}

/** Walked, not matched: a literal of megabytes would overflow a pattern's stack. */
function endOfQuoted(text: string, start: number, quote: string): number | undefined {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\' && quote !== '`') at += 1;
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at + 1;
      at += 1;
    }
  }
  return undefined;
}
