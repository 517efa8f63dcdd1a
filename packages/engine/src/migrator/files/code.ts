// What of a text is SQL: comments, strings and quoted bodies blanked out, every other character in its place.

/**
 * The same length and lines as `text`. The quoting is standard SQL's with PostgreSQL's E'' and $$; quoted names stay, since
 * they name things. Enough to find words with, not to understand a statement.
 */
export function codeOf(text: string): string {
  return text.replaceAll(hidden, blank);
}

/** Only comments are blanked: what remains contains a statement or nothing. */
export function withoutComments(text: string): string {
  return text.replaceAll(hidden, (found) => (isComment(found) ? blank(found) : found));
}

/** A statement of a backfill with the database's own parameters in place of `:from` and `:to`. */
export function withParameters(text: string, parameters: { readonly from: string; readonly to: string }): string {
  let sql = '';
  let end = 0;
  for (const { 0: found, 1: name, index } of codeOf(text).matchAll(/(?<!:):(from|to)\b/g)) {
    sql += text.slice(end, index) + parameters[name as 'from' | 'to'];
    end = index + found.length;
  }
  return sql + text.slice(end);
}

/** 1-based line of a place in a text. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

// One pass from left to right, so that the first opening wins. A missing end hides all the rest.
const hidden = new RegExp(
  [
    /--[^\n]*/, // comment to the end of the line
    /\/\*[\s\S]*?(?:\*\/|$)/, // block comment
    /\b[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)/, // string with escapes
    /'(?:[^']|'')*(?:'|$)/, // string
    /"(?:[^"]|"")*(?:"|$)/, // quoted name: matched so that what is inside opens nothing
    /`(?:[^`]|``)*(?:`|$)/,
    /(?<![\w$])(?<dollar>\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?(?:\k<dollar>|$)/, // dollar-quoted body
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

const isComment = (found: string): boolean => found.startsWith('--') || found.startsWith('/*');

function blank(found: string): string {
  return found.startsWith('"') || found.startsWith('`') ? found : found.replaceAll(/[^\n]/g, ' ');
}
