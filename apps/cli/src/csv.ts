// CSV as RFC 4180 has it, and harmless in a spreadsheet: a cell that a spreadsheet would run as a formula begins with '.

/** One record with its line end. */
export function csvLine(cells: readonly (string | number | null | undefined)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  // A leading tab, carriage return or space may be trimmed by a spreadsheet, and what follows is then its formula.
  const safe = /^[\s\p{Cc}]*[=+\-@＝＋－＠]/u.test(value) || /^[\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
