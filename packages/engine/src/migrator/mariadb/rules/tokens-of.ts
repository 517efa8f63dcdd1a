// Small queries of a row of tokens: what is in parentheses belongs to another part.

import { isWord } from '../parse.ts';
import type { Token } from '../tokens.ts';

/** What is in no parentheses. */
export function outside(tokens: readonly Token[]): readonly Token[] {
  let depth = 0;
  return tokens.filter(({ text }) => {
    if (text === ')') depth -= 1;
    const isOutside = depth === 0 && text !== ')';
    if (text === '(') depth += 1;
    return isOutside && text !== '(';
  });
}

/** Parts between the commas that are in no parentheses. */
export function parts(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const found: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (token.text === ',' && depth === 0) found.push([]);
    else found.at(-1)?.push(token);
  }
  return found.filter((part) => part.length > 0);
}

/** The words one after another, in no parentheses. */
export function says(tokens: readonly Token[], ...words: readonly string[]): boolean {
  const top = outside(tokens);
  return top.some((_, at) => words.every((word, next) => isWord(top[at + next], word)));
}

export const begins = (tokens: readonly Token[], ...words: readonly string[]): boolean =>
  words.every((word, at) => isWord(tokens[at], word));

/** What follows these words, each of which may be missing. */
export function after(tokens: readonly Token[], ...words: readonly string[]): readonly Token[] {
  let at = 0;
  for (const word of words) if (isWord(tokens[at], word)) at += 1;
  return tokens.slice(at);
}

/** What the first parentheses hold. */
export function inside(tokens: readonly Token[]): readonly Token[] {
  const start = tokens.findIndex(({ text }) => text === '(');
  let depth = 0;
  for (let at = start; at >= 0 && at < tokens.length; at += 1) {
    if (tokens[at]?.text === '(') depth += 1;
    if (tokens[at]?.text === ')') depth -= 1;
    if (depth === 0) return tokens.slice(start + 1, at);
  }
  return [];
}

/** A name as it is compared: without quotes, in small letters; the last part of `shop.users`. */
export const nameOf = (token: Token | undefined): string =>
  (token?.kind === 'name' ? token.text.slice(1, -1).replaceAll('``', '`') : (token?.text ?? '')).toLowerCase();

/** `users` or `shop.users`, and what follows it. */
export function readName(tokens: readonly Token[]): { readonly name: string; readonly rest: readonly Token[] } {
  const isLong = tokens[1]?.text === '.';
  return { name: nameOf(tokens[isLong ? 2 : 0]), rest: tokens.slice(isLong ? 3 : 1) };
}

export const quoted = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/i.test(name) ? name : `\`${name.replaceAll('`', '``')}\``;

export function textOf(tokens: readonly Token[], whole: string, start: number): string {
  const [first, last] = [tokens[0], tokens.at(-1)];
  return first && last ? whole.slice(first.at - start, last.at - start + last.text.length) : '';
}
