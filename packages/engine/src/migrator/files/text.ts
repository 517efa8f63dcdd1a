// From bytes to text that is safe to read and to parse: every program that reads it must see the same.

import { isUtf8 } from 'node:buffer';
import { codeOf, lineAt, withoutComments } from './code.ts';
import type { FileProblem } from './migration.ts';

const mostBytes = 4 << 20;
/** Of one kind in one file. */
const shown = 20;

export interface ReadText {
  /** LF line ends, no byte order mark; undefined where it is no text. */
  readonly text: string | undefined;
  readonly problems: readonly FileProblem[];
}

export function readText(file: string, bytes: Buffer): ReadText {
  const unreadable = (line: number | undefined, problem: string) => ({
    text: undefined,
    problems: [{ file, line, problem }],
  });
  if (bytes.length > mostBytes)
    return unreadable(
      undefined,
      `has ${bytes.length} bytes; at most ${mostBytes} are read: load data with a program of its own`,
    );
  if (/^(?:\xff\xfe|\xfe\xff)/.test(bytes.toString('latin1', 0, 2)))
    return unreadable(undefined, 'is encoded in UTF-16; save it as UTF-8');
  const wrongLine = firstLineThatIsNotUtf8(bytes);
  if (wrongLine !== undefined) return unreadable(wrongLine, 'is not UTF-8; save the file as UTF-8');
  const text = bytes
    .toString('utf8')
    .replace(/^\u{feff}/u, '')
    .replaceAll(/\r\n?/g, '\n');
  return { text, problems: problemsOf(file, text) };
}

function firstLineThatIsNotUtf8(bytes: Buffer): number | undefined {
  if (isUtf8(bytes)) return undefined;
  const lines = bytes.toString('latin1').split('\n');
  return lines.findIndex((line) => !isUtf8(Buffer.from(line, 'latin1'))) + 1;
}

function problemsOf(file: string, text: string): readonly FileProblem[] {
  const found = (pattern: RegExp, within: string, problem: (match: string) => string): FileProblem[] =>
    [...within.matchAll(pattern)]
      .slice(0, shown)
      .map((match) => ({ file, line: lineAt(within, match.index), problem: problem(match[0].trim()) }));
  const code = codeOf(text);
  return [
    ...(/[^\s;]/.test(withoutComments(text)) ? [] : [{ file, line: undefined, problem: 'holds no statement' }]),
    ...found(/\0/g, text, () => 'holds a NUL byte, behind which a parser sees nothing'),
    ...found(/[\u202a-\u202e\u2066-\u2069]/g, text, (found) => {
      return `holds U+${found.charCodeAt(0).toString(16)}, which shows the text in another order than it runs`;
    }),
    ...found(/(?<=^[ \t]*)\\\S*|\\(?:gx?|gexec|gset|G)\b/gm, code, (command) => {
      return `${command} is a command of psql or another client, not SQL`;
    }),
    ...found(/(?<=^)(?:\.[a-z]+\b.*|delimiter\s+\S+|source\s+[./].*)$/gim, code, (command) => {
      return `${command.split(/\s/)[0]} is a command of a client, not SQL`;
    }),
    ...copiesIn(file, code),
  ];
}

/**
 * `COPY … FROM STDIN`, statement by statement and each searched once for its two words: one expression for both would begin
 * again at every COPY of a text that says nothing else.
 */
function copiesIn(file: string, code: string): readonly FileProblem[] {
  const problems: FileProblem[] = [];
  let begin = 0;
  for (const statement of code.split(';')) {
    const copy = statement.search(/\bCOPY\b/i);
    const isFromClient = copy !== -1 && /\bFROM\s{1,100}STDIN\b/i.test(statement.slice(copy));
    if (isFromClient && problems.length < shown)
      problems.push({
        file,
        line: lineAt(code, begin + copy),
        problem: 'COPY … FROM STDIN needs a client that sends the rows; use INSERT',
      });
    begin += statement.length + 1;
  }
  return problems;
}
