import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench, smallConfig } from '../test-config.ts';
import { readDocument } from './document.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x, x]',
  ...[...'bcdef'].map((name, index) => {
    const below = 'abcde'[index];
    return `${name}: &${name} [${Array(10).fill(`*${below}`).join(', ')}]`;
  }),
].join('\n');

const faults: readonly (readonly [what: string, text: string, problem: string])[] = [
  ['an empty file', '', 'is empty; start from bluegreen.example.yaml'],
  ['nothing but a comment', '# later\n', 'is empty; start from bluegreen.example.yaml'],
  ['a list', '- shop\n', 'is not a mapping; it starts with keys such as state: and services:'],
  ['a word', 'shop', 'is not a mapping; it starts with keys such as state: and services:'],
  ['a tab', 'services:\n\tshop: 1\n', '2:1 a tab is in the indentation; YAML needs spaces'],
  ['a key given twice', 'state: a\nstate: b\n', '2:1 this key is given twice'],
  [
    'a text without its closing quote',
    'state: "var\n',
    '2:1 something is missing here: a colon after a key, a comma, a closing quote or a closing bracket',
  ],
  [
    'a bracket without its end',
    'people: [\n',
    '2:1 this line is not indented like its neighbours, or a bracket is not closed',
  ],
  [
    'a colon in a plain text',
    'state: a: b\n',
    '1:8 a mapping or list starts in the middle of a line; quote a text that holds ": ", or start a new line',
  ],
  ['two documents', 'state: a\n---\nstate: b\n', '2:1 the file holds more than one document; keep one, without ---'],
  ['a tag', 'state: !secret a\n', '1:8 tags (!name) are not used here; write the value without'],
  ['an alias without its anchor', 'state: *folder\n', '1:8 no anchor (&name) above has this name'],
  ['a list as a key', '? [a]\n: 1\n', '1:3 a key must be a plain text'],
  [
    'an anchor that multiplies',
    bomb,
    'uses its anchors (&name, *name) too often or inside themselves; write the values out instead',
  ],
  [
    'many aliases',
    `a: &a 1\nb: [${Array(200).fill('*a').join(', ')}]\n`,
    'uses its anchors (&name, *name) too often or inside themselves; write the values out instead',
  ],
  ['a key that is given twice within another', 'a: {x: 1, y: 2, x: 3}\n', '1:17 this key is given twice'],
  ['more than a mebibyte', `# ${'x'.repeat(1 << 20)}\n`, 'is 1.0 MiB large; a configuration has at most 1 MiB'],
];

describe('a text that is no sound YAML', () => {
  it.each(faults)('%s', (_what, text, problem) => {
    expect(bench.problems(text)).toEqual([problem]);
    expect(bench.check(text).settings).toBeUndefined();
  });

  it('brackets in brackets end in a sentence, not in the end of the stack', () => {
    const lines = bench.problems('['.repeat(200_000));
    expect(lines[0]).toContain('is nested too deeply');
    expect(lines.length).toBeLessThanOrEqual(20);
  });

  it('keys are compared in time, however many there are', () => {
    const text = Array.from({ length: 40_000 }, (_, index) => `k${index}: 1`).join('\n');
    const began = performance.now();
    expect(readDocument(text).problems).toEqual([]);
    expect(readDocument(`${text}\nk7: 1`).problems).toMatchObject([
      { line: 40_001, message: 'this key is given twice' },
    ]);
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  it('an anchor inside itself ends', () => {
    expect(bench.problems('state: &a [*a]\n').length).toBeGreaterThan(0);
  });

  it('small anchors are welcome', () => {
    const text = edited(
      ['{ name: one, path: / }', '{ name: one, path: &root / }'],
      ['name: two, path: /', 'name: two, path: *root'],
    );
    expect(bench.problems(text)).toEqual([]);
  });

  it('line ends of Windows and a byte order mark change nothing', () => {
    expect(bench.problems(`\uFEFF${smallConfig.replaceAll('\n', '\r\n')}`)).toEqual([]);
  });
});
