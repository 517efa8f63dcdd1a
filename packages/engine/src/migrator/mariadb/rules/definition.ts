// A column's definition, changed word by word: what a second column may not have yet, and a value that fits its type.

import { isWord } from '../parse.ts';
import type { Token } from '../tokens.ts';
import type { ColumnDefinition } from './alteration.ts';
import { begins, says } from './tokens-of.ts';

/** Without NOT NULL and DEFAULT, which the server would fill in for releases that do not know the column. */
export function loosened({ tokens, text }: ColumnDefinition): string {
  const start = tokens[0]?.at ?? 0;
  const cut: (readonly [number, number])[] = [];
  let depth = 0;
  for (let at = 0; at < tokens.length; at += 1) {
    const { text: word } = tokens[at] as Token;
    if (word === '(') depth += 1;
    if (word === ')') depth -= 1;
    if (depth > 0) continue;
    const end = endOfLoose(tokens, at);
    if (end === undefined) continue;
    cut.push([(tokens[at]?.at ?? 0) - start, (tokens[end]?.at ?? start + text.length) - start]);
    at = end - 1;
  }
  let [left, from] = ['', 0];
  for (const [begin, end] of cut) {
    left += text.slice(from, begin);
    from = end;
  }
  return (left + text.slice(from)).trim();
}

/** Behind NOT NULL, or DEFAULT with its value; undefined for another word. */
function endOfLoose(tokens: readonly Token[], at: number): number | undefined {
  if (begins(tokens.slice(at), 'NOT', 'NULL')) return at + 2;
  if (!isWord(tokens[at], 'DEFAULT')) return undefined;
  const sign = /^[-+]$/.test(tokens[at + 1]?.text ?? '') ? 1 : 0;
  const value = at + 1 + sign;
  if (tokens[value]?.text === '(') return behindParentheses(tokens, value);
  return tokens[value + 1]?.text === '(' ? behindParentheses(tokens, value + 1) : value + 1;
}

function behindParentheses(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (tokens[at]?.text === '(') depth += 1;
    if (tokens[at]?.text === ')') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return tokens.length;
}

export const isInKey = ({ tokens }: ColumnDefinition): boolean =>
  says(tokens, 'UNIQUE') || says(tokens, 'PRIMARY') || says(tokens, 'AUTO_INCREMENT') || says(tokens, 'REFERENCES');

/** Some value that the type takes; which one is right only its author knows. */
export function someValue({ tokens }: ColumnDefinition): string {
  const type = tokens[0]?.text.toLowerCase() ?? '';
  if (/^(?:enum|set)$/.test(type)) return tokens.find(({ kind }) => kind === 'string')?.text ?? "''";
  if (/^(?:date|datetime|timestamp)$/.test(type)) return "'2000-01-01'";
  if (type === 'json') return "'{}'";
  if (type === 'uuid') return 'UUID()';
  if (type === 'inet4') return "'0.0.0.0'";
  if (type === 'inet6') return "'::'";
  return /char|text|blob|binary/.test(type) ? "''" : '0';
}
