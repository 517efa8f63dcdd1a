// Foreign text on its way into Markdown: it stays text, on one line, whatever it contains.

import { plain } from './plain.ts';

/** Everything that Markdown, GitHub's or another one, or HTML might read as more than text. */
const marks = /[\\`*_{}[\]()<>#+\-.!|~^&$:@=]/g;

export const markdown = (text: string): string =>
  plain(text)
    .trim()
    .replace(marks, (mark) => `\\${mark}`);

/** A table of which each cell is Markdown already. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** Lines as they are; the fence is longer than any in them. */
export function codeBlock(lines: readonly string[]): readonly string[] {
  const shown = lines.map(plain);
  const longest = Math.max(2, ...shown.flatMap((line) => (line.match(/`+/g) ?? []).map(({ length }) => length)));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}text`, ...shown, fence];
}
