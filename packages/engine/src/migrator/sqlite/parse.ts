// SQLite's own grammar, generated from its parse.y.

import { createHash } from 'node:crypto';
import { parse, type Span, type Stmt, tokenize } from 'sqlite3-parser';
import type { SqlProblem, Statement } from '../dialect.ts';
import { firstToken, lineAt, lineCounter, nulByte } from '../lint/text.ts';

export interface SqliteStatement extends Statement {
  readonly node: Stmt;
  /** Where `text` begins in the file: the spans of the tree count from the file's beginning. */
  readonly start: number;
}

export type SqliteStatements =
  | { readonly ok: true; readonly statements: readonly SqliteStatement[] }
  | { readonly ok: false; readonly problem: SqlProblem };

export function parseSqlite(text: string): SqliteStatements {
  const hidden = nulByte(text);
  if (hidden !== undefined) return { ok: false, problem: hidden };
  const parsed = parse(text);
  if (parsed.status === 'error') {
    const [first] = parsed.errors;
    return { ok: false, problem: { line: lineAt(text, first?.span.offset ?? 0), problem: first?.message ?? 'no SQL' } };
  }
  const lineOf = lineCounter(text);
  const statements = parsed.root.cmds.map((node) => {
    // A statement's span begins where the one before ended: its comments come first.
    const start = firstToken(text, node.span.offset);
    return {
      text: text.slice(start, node.span.offset + node.span.length).trimEnd(),
      line: lineOf(start),
      start,
      node,
    };
  });
  return { ok: true, statements };
}

/** The words of a part of the tree, as the author wrote them. */
export function wordsOf({ text, start }: SqliteStatement, { offset, length }: Span): string {
  return text.slice(offset - start, offset - start + length);
}

/** Equal for texts that differ only in comments, white space or case. */
export function fingerprintSqlite(text: string): string {
  const hash = createHash('sha256');
  for (const token of tokenize(text)) hash.update(`${folded(token.text)}\0`);
  return hash.digest('hex');
}

/** Keywords and bare names have no case; SQLite's quoted names have none either, but a quote may hold a literal. */
function folded(token: string): string {
  return /^[a-z_][\w$]*$/i.test(token) ? token.toLowerCase() : token;
}
