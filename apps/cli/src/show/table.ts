// Columns for people. Widths are counted without colours.

import { stripVTControlCharacters } from 'node:util';

const gap = '  ';

/** Lines of a table; a column that is empty in every row is left out. */
export function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => width(row[column] ?? ''))),
  );
  return rows.map((row) =>
    widths
      .flatMap((wide, column) => (wide === 0 ? [] : [padded(row[column] ?? '', wide)]))
      .join(gap)
      .trimEnd(),
  );
}

function padded(text: string, wide: number): string {
  return text + ' '.repeat(Math.max(0, wide - width(text)));
}

function width(text: string): number {
  return stripVTControlCharacters(text).length;
}
