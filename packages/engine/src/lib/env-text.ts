// The grammar of env files, that of Docker Compose's: documented for people in docs/env-files.md. `${NAME}` is left as
// it is. A line that cannot be parsed is a problem with its line number; no sentence contains a value.

export interface EnvProblem {
  /** From 1. */
  readonly line: number;
  readonly problem: string;
}

export interface EnvText {
  readonly values: Readonly<Record<string, string>>;
  readonly problems: readonly EnvProblem[];
}

const mostProblems = 20;
const carriageReturn = 'holds a carriage return inside the line; save the file with LF or CRLF as line ends';
const nulByte = (name: string): string => `the value of ${name} holds a NUL byte, which no variable can`;
/** A name, then `=` or, as in YAML, `:` and white space. */
const assignment = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?:=|:(?=[ \t]|$))[ \t]*/;

/** Pure. `text` without a byte order mark. Returns the values of valid lines even where other lines are invalid. */
export function parseEnvText(text: string): EnvText {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const values = new Map<string, string>();
  const problems: EnvProblem[] = [];
  let next = 0;
  while (next < lines.length && problems.length < mostProblems) {
    const read = readStatement(lines, next);
    if (read.problem !== undefined) problems.push({ line: next + 1, problem: read.problem });
    else if (read.name !== undefined) values.set(read.name, read.value);
    next = read.next;
  }
  return { values: Object.fromEntries(values), problems };
}

type Statement =
  | { readonly next: number; readonly name?: never; readonly problem?: never }
  | { readonly next: number; readonly name: string; readonly value: string; readonly problem?: never }
  | { readonly next: number; readonly problem: string };

function readStatement(lines: readonly string[], at: number): Statement {
  const line = lines[at] ?? '';
  const next = at + 1;
  // A file with line ends of an old kind is one line: one long comment, or one long value.
  if (line.includes('\r')) return { next, problem: carriageReturn };
  const start = line.trimStart();
  if (start === '' || start.startsWith('#')) return { next };
  const found = assignment.exec(start);
  if (!found) return { next, problem: notAnAssignment(start) };
  const [head, name = ''] = found;
  const rest = start.slice(head.length);
  const quote = rest[0];
  if (quote === '"' || quote === "'") return readQuoted({ lines, at, name, quote, first: rest.slice(1) });
  // The name, and the white space that was read with it, come before a `#` that begins a comment.
  const value = (/[ \t]$/.test(head) ? ` ${rest}` : rest).replace(/\s#.*$/s, '').trim();
  return value.includes('\0') ? { next, problem: nulByte(name) } : { next, name, value };
}

function notAnAssignment(line: string): string {
  const bare = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*$/.exec(line)?.[1];
  return bare === undefined
    ? 'is no assignment; expected NAME=value, with a name of letters, digits, _, . and -, or a comment that starts with #'
    : `is ${bare} without a value; write ${bare}= for an empty one, since nothing is taken from the environment of the engine`;
}

/** Over as many lines as it takes to the closing quote. `first` is the rest of its first line. */
function readQuoted(quoted: {
  readonly lines: readonly string[];
  readonly at: number;
  readonly name: string;
  readonly quote: '"' | "'";
  readonly first: string;
}): Statement {
  const { lines, at, name, quote, first } = quoted;
  const parts: string[] = [];
  for (let index = at; index < lines.length; index += 1) {
    const line = index === at ? first : (lines[index] ?? '');
    if (line.includes('\r')) return { next: index, problem: `the value of ${name} ${carriageReturn}` };
    const end = closing(line, quote);
    const next = index + 1;
    if (end === undefined) {
      parts.push(line);
      continue;
    }
    parts.push(line.slice(0, end));
    const after = line.slice(end + 1).trim();
    if (after !== '' && !after.startsWith('#')) return { next, problem: textBehind(name, quote, { at, index }) };
    const value = quote === '"' ? unescaped(parts.join('\n')) : parts.join('\n').replaceAll("\\'", "'");
    return value.includes('\0') ? { next, problem: nulByte(name) } : { next, name, value };
  }
  // One open quote takes the rest of the file: the lines behind it are still read, for what else is wrong.
  return { next: at + 1, problem: `the value of ${name} opens with ${quote}, which is never closed` };
}

function textBehind(
  name: string,
  quote: string,
  { at, index }: { readonly at: number; readonly index: number },
): string {
  const where = index === at ? '' : ` on line ${index + 1}`;
  return `the value of ${name} is closed by ${quote}${where} with text behind it; write \\${quote} for a quote in the value, and a comment behind a #`;
}

/** Where the value ends in this line. A backslash protects the next character; in single quotes, only a quote. */
function closing(line: string, quote: '"' | "'"): number | undefined {
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === quote) return at;
    if (line[at] === '\\' && (quote === '"' || line[at + 1] === quote)) at += 1;
  }
  return undefined;
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
  $: '$',
};

/** Any other escape stays as it is, with its backslash, so that `"\d+"` remains a regular expression. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\([\s\S])/g, (whole, character: string) => escapes[character] ?? whole);
