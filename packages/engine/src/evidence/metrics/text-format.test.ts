import { expect, it } from 'vitest';
import { samplesOf } from './text-format.ts';

const one = (line: string) => samplesOf(line, 'm');

it('reads names, labels, values and timestamps', () => {
  const page =
    '# HELP m What it is\n# TYPE m counter\nm 1\nm{a="b"} 2.5e3 1700000000000\r\n\n m { a = "x" , b="y", } +7\nother{a="b"} 9\n';
  expect(samplesOf(page, 'm')).toEqual([
    { metric: 'm', labels: {}, value: 1, timestamp: undefined },
    { metric: 'm', labels: { a: 'b' }, value: 2500, timestamp: 1_700_000_000_000 },
    { metric: 'm', labels: { a: 'x', b: 'y' }, value: 7, timestamp: undefined },
  ]);
});

it('reads what labels may hold: braces, commas, quotes, backslashes, line ends, any language', () => {
  expect(one('m{a="}{,=\\"\\\\ \\n ü"} 1')[0]?.labels).toEqual({ a: '}{,="\\ \n ü' });
  expect(one('m{__proto__="x",constructor="y"} 1')[0]?.labels.constructor).toBe('y');
  expect(one('m{} 1')[0]?.labels).toEqual({});
});

it('reads NaN and infinities as what they are', () => {
  expect(['NaN', '+Inf', '-Inf', 'nan', 'Inf'].map((text) => one(`m ${text}`)[0]?.value)).toEqual([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ]);
});

it('leaves an exemplar of OpenMetrics out', () => {
  expect(one('m_total 1\nm{a="b"} 4 # {trace_id="x"} 1 2')[0]?.value).toBe(4);
});

it('does not take a longer name for a shorter one', () => {
  expect(one('m_total 1\nmm 2\nm:x 3')).toEqual([]);
});

it.each([
  'm',
  'm one',
  'm 0x10',
  'm 1,5',
  'm{a="b" 1',
  'm{a=b} 1',
  'm{a="b} 1',
  'm{="b"} 1',
  'm{a="b"c="d"} 1',
  'm{a="\\x"} 1',
  'm{a="b",a="c"} 1',
  'm 1 2 3',
  'm 1 yesterday',
  '<html>',
  '{"error":"no"}',
  `m{${Array.from({ length: 101 }, (_, at) => `a${at}="b"`).join(',')}} 1`,
])('refuses %s, and says where', (line) => {
  expect(() => samplesOf(`# a comment\n${line}`, 'm')).toThrow(/line 2/);
});

it('stays fast on lines that are made to be slow', () => {
  const began = performance.now();
  for (const line of [
    `m{${'a'.repeat(500_000)}`,
    `m{a="${'\\\\'.repeat(200_000)}`,
    `m ${'1'.repeat(500_000)}x`,
    `m 1 ${' '.repeat(500_000)}#`,
  ])
    expect(() => {
      if (samplesOf(line, 'm').length === 1) throw new Error('line 1 was read');
    }).toThrow(/line 1/);
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(() => samplesOf('\n'.repeat(200_001), 'm')).toThrow('more than 200000 lines');
});
