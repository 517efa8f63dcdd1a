// Placeholders of a recorded statement, and the columns that they belong to, as far as the text shows: a value of an
// INSERT, or what a column is compared with or set to.

import { codeOf } from '../../files/code.ts';

export interface Placeholder {
  readonly start: number;
  readonly end: number;
  /** From 1; the same number is the same value. */
  readonly number: number;
  readonly column: string | undefined;
}

/** `$1`, `?`, `?1`, `:name`, `@name`; no cast (`::text`) and no operator of PostgreSQL. */
const numbered = /\$(?<number>\d+)/g;
const marked = /\?(?<number>\d+)?|(?<![:\w])[:@$](?<name>[a-z_]\w*)/gi;

export function placeholdersOf(text: string, columns: readonly string[] | undefined): readonly Placeholder[] {
  const code = codeOf(text);
  const hasNumbers = /\$\d/.test(code);
  const items = columns === undefined ? [] : valuesIn(code);
  const names: string[] = [];
  let last = 0;
  return [...code.matchAll(hasNumbers ? numbered : marked)].map((found): Placeholder => {
    const { number, name } = found.groups ?? {};
    const end = found.index + found[0].length;
    if (name !== undefined && !names.includes(name)) names.push(name);
    if (number === undefined && name === undefined) last += 1;
    const at = items.findIndex((item) => item.start <= found.index && end <= item.end);
    return {
      start: found.index,
      end,
      number: number !== undefined ? Number(number) : name !== undefined ? names.indexOf(name) + 1 : last,
      column: at >= 0 && isAlone(items[at]?.text ?? '') ? columns?.[at] : comparedWith(code.slice(0, found.index)),
    };
  });
}

/** @param literalOf with its quotes */
export function filledIn(
  text: string,
  placeholders: readonly Placeholder[],
  literalOf: (placeholder: Placeholder) => string,
): string {
  let sql = '';
  let end = 0;
  for (const placeholder of placeholders) {
    sql += text.slice(end, placeholder.start) + literalOf(placeholder);
    end = placeholder.end;
  }
  return sql + text.slice(end);
}

interface Item {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The values of the first row, where the statement contains them. */
function valuesIn(code: string): readonly Item[] {
  const opening = /\bvalues\s*\(/i.exec(code);
  if (!opening) return [];
  const items: Item[] = [];
  let start = opening.index + opening[0].length;
  let depth = 1;
  for (let at = start; at < code.length && depth > 0; at += 1) {
    if (code[at] === '(') depth += 1;
    if (code[at] === ')') depth -= 1;
    if (depth > 1 || (depth === 1 && code[at] !== ',')) continue;
    items.push({ start, end: at, text: code.slice(start, at) });
    start = at + 1;
  }
  return items;
}

/** Nothing is made of it but a cast. */
const isAlone = (text: string): boolean => /^\s*(?:\$\d+|\?\d*|[:@$]\w+)(?:::[\w\s.()[\]]+)?\s*$/.test(text);

function comparedWith(before: string): string | undefined {
  const found = /(?:"([^"]+)"|`([^`]+)`|(\w+))\s*(?:=|<>|<=|>=|<|>|!=|\bin\s*\()\s*$/i.exec(before);
  return found?.[1] ?? found?.[2] ?? found?.[3];
}
