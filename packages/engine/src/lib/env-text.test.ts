import { describe, expect, it } from 'vitest';
import { parseEnvText } from './env-text.ts';

const understood: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  ['# inside a value', 'URL=postgres://app:p#ss@db/shop', { URL: 'postgres://app:p#ss@db/shop' }],
  ['# behind white space', 'A=b # c\nB=b\t#c\nC=b# c', { A: 'b', B: 'b', C: 'b# c' }],
  ['# first in a value', 'A=#b\nB= # nothing\nC=', { A: '#b', B: '', C: '' }],
  ['comments and empty lines', '\n  # A=1\n\t\n#B=2\nC=3', { C: '3' }],
  ['double quotes', `A="b # c" # d\nB="c"#d\nC=""`, { A: 'b # c', B: 'c', C: '' }],
  [
    'escapes in double quotes',
    `${String.raw`A="{\"a\":\"b\"}"`}\n${String.raw`B="x\ty\\z\$"`}`,
    {
      A: '{"a":"b"}',
      B: 'x\ty\\z$',
    },
  ],
  ['line breaks by escape', String.raw`A="1\n2\r3"`, { A: '1\n2\r3' }],
  ['an escape that means nothing', String.raw`A="^\d+\.\w$"`, { A: String.raw`^\d+\.\w$` }],
  ['a backslash before the closing quote', `${String.raw`A="C:\\"`}\nB=2`, { A: 'C:\\', B: '2' }],
  ['single quotes', String.raw`A='Let\'s go \n "now" $X'`, { A: String.raw`Let's go \n "now" $X` }],
  ['no escapes without quotes', String.raw`A=C:\new\table`, { A: String.raw`C:\new\table` }],
  ['quotes in the middle', `A=it's "so"\nB={"a":"b"}`, { A: `it's "so"`, B: '{"a":"b"}' }],
  ['a reference, left as it is', `A="\${B}"\nC=\${D}-$E\nF=$\${G}`, { A: `\${B}`, C: `\${D}-$E`, F: `$\${G}` }],
  [
    'several lines',
    `KEY="-----BEGIN\nab # c\n-----END"\nB='1\n2'\nC=3`,
    {
      KEY: '-----BEGIN\nab # c\n-----END',
      B: '1\n2',
      C: '3',
    },
  ],
  ['export', 'export A=1\nexport\tB="2"\nexport=3\nexported=4', { A: '1', B: '2', export: '3', exported: '4' }],
  ['white space around', '  A = b c  \nB =  "  c  "  ', { A: 'b c', B: '  c  ' }],
  ['a colon, as in YAML', 'A: b\nB: "c: d" # e\nC:', { A: 'b', B: 'c: d', C: '' }],
  ['= in a value', 'A=b=c==\nB==', { A: 'b=c==', B: '=' }],
  ['CRLF', 'A=1\r\nB="2\r\n3"\r\n# c\r\nC=4\r\n', { A: '1', B: '2\n3', C: '4' }],
  ['dots and hyphens in a name', 'server.port=1\nA-B=2', { 'server.port': '1', 'A-B': '2' }],
  ['a name that comes twice', 'A=1\nA=2', { A: '2' }],
  ['a backtick, which is no quote', 'A=`b', { A: '`b' }],
];

describe('an env file gives', () => {
  it.each(understood)('%s', (_what, text, values) => {
    expect(parseEnvText(text)).toEqual({ values, problems: [] });
  });
});

const refused: readonly (readonly [string, string, number, RegExp])[] = [
  ['a line that is no assignment', 'A=1\nsecret words', 2, /is no assignment; expected NAME=value/],
  ['a bare name', '\nSECRET_FLAG', 2, /SECRET_FLAG without a value; write SECRET_FLAG= for an empty one/],
  ['a name that starts with a digit', '1A=secret', 1, /is no assignment/],
  ['a name with a blank', 'A B=secret', 1, /is no assignment/],
  ['an address alone', 'https://user:secret@host/', 1, /is no assignment/],
  ['no name', '=secret', 1, /is no assignment/],
  ['an open double quote', 'A=1\nB="secret\nC=3', 2, /value of B opens with ", which is never closed/],
  ['an open single quote', "B='secret", 1, /value of B opens with ', which is never closed/],
  ['a quote that only seems closed', String.raw`B="secret\"`, 1, /never closed/],
  ['text behind the closing quote', 'B="secret"more', 1, /closed by " with text behind it/],
  ['an open quote that the next value closes', 'A="secret\nB="x"', 1, /closed by " on line 2 with text behind it/],
  ['a NUL byte', 'A=se\0cret', 1, /NUL byte/],
  ['a NUL byte in quotes', 'A="se\0cret"', 1, /NUL byte/],
  ['line ends of an old kind', '# secret\rA=1\rB=2', 1, /carriage return/],
  ['a carriage return in quotes', 'A="sec\n\rret"', 1, /carriage return/],
];

describe('an env file is refused for', () => {
  it.each(refused)('%s, with its line and without the value', (_what, text, line, sentence) => {
    const { problems } = parseEnvText(text);
    expect(problems[0]).toEqual({ line, problem: expect.stringMatching(sentence) });
    expect(JSON.stringify(problems)).not.toMatch(/secret/);
  });

  it('each of its lines, up to 20', () => {
    const text = Array.from({ length: 100 }, () => 'no assignment').join('\n');
    expect(parseEnvText(text).problems.map(({ line }) => line)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
    expect(parseEnvText('no\nA=1\nB="x').problems.map(({ line }) => line)).toEqual([1, 3]);
  });
});
