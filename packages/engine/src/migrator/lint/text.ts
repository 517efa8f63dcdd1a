// Places in a text of SQL, the same for all grammars.

import type { SqlProblem } from '../dialect.ts';

/** 1-based line of a place. */
export function lineAt(text: string, index: number): number {
  return lineCounter(text)(index);
}

/** The same for many places in ascending order, in one walk over the text. */
export function lineCounter(text: string): (index: number) => number {
  let [at, line] = [0, 1];
  return (index) => {
    for (let next = text.indexOf('\n', at); next !== -1 && next < index; next = text.indexOf('\n', at)) {
      at = next + 1;
      line += 1;
    }
    return line;
  };
}

/** The position of the first token, without white space and comments: a statement must not hide behind its comment. */
export function firstToken(text: string, from: number): number {
  const trivia = /\s+|--[^\n]*|\/\*[\s\S]*?\*\//y;
  let at = from;
  for (;;) {
    trivia.lastIndex = at;
    const found = trivia.exec(text);
    if (found === null) return at;
    at = trivia.lastIndex;
  }
}

/** A NUL byte ends the text for the parsers, though not for the reader: what follows would never be checked. */
export function nulByte(text: string): SqlProblem | undefined {
  const at = text.indexOf('\0');
  if (at === -1) return undefined;
  return { line: lineAt(text, at), problem: 'a NUL byte hides everything behind it: delete it' };
}
