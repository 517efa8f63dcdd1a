import { describe, expect, it } from 'vitest';
import type { TrendPoint } from '../analysis/trend.ts';
import type { TrendView } from '../api/trend.ts';
import { chartsSvg } from './svg.ts';

const none = { requests: 0, errors: 0, p50Ms: undefined, p99Ms: undefined };
const side = (errors: number, p99Ms: number) => ({ requests: 100, errors, p50Ms: p99Ms / 2, p99Ms });

const point = (index: number): TrendPoint => ({
  from: index * 5_000,
  to: (index + 1) * 5_000,
  percent: index < 3 ? 10 : 50,
  stable: side(1, 80),
  canary: index === 2 ? none : side(index, 80 + index * 10),
});

const trend = (changes: Partial<TrendView> = {}): TrendView => ({
  version: 'v2.1',
  from: 'v2.0',
  points: [0, 1, 2, 3, 4].map(point),
  decision: { at: 25_000, kind: 'promoted' },
  ...changes,
});

const count = (svg: string | undefined, part: string): number => (svg?.split(part).length ?? 1) - 1;

describe('the charts as a file', () => {
  it('are a whole SVG with a line for each side of each metric, the shares and the decision', () => {
    const svg = chartsSvg(trend(), 'shop v2.0 → v2.1');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 760 540"/);
    expect(svg).toMatch(/<\/svg>\n$/);
    expect(count(svg, '<path ')).toBe(4);
    expect(count(svg, '<g ')).toBe(count(svg, '</g>'));
    for (const words of ['Errors, %', 'Latency p99, ms', '>10 %<', '>50 %<', 'promoted at 0:25', '>v2.0<', '>v2.1<'])
      expect(svg).toContain(words);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('have a gap where a side answered nothing', () => {
    const svg = chartsSvg(trend(), 'shop') ?? '';
    const paths = [...svg.matchAll(/<path d="([^"]*)"/g)].map(([, path]) => count(path, 'M'));
    expect(paths).toEqual([1, 2, 1, 2]);
  });

  it('hold names from outside as text only', () => {
    const svg = chartsSvg(trend({ version: '<b>&"' }), 'a\u0000<script>') ?? '';
    expect(svg).toContain('<title>a &lt;script&gt;</title>');
    expect(svg).toContain('&lt;b&gt;&amp;&quot;');
    expect(svg).not.toContain('<script>');
  });

  it('are none where nothing was answered, and drawable with one point or with zeros only', () => {
    expect(chartsSvg(trend({ points: [{ ...point(0), stable: none, canary: none }] }), 'shop')).toBeUndefined();
    for (const points of [[point(0)], [0, 1].map((at) => ({ ...point(at), stable: side(0, 0), canary: side(0, 0) }))])
      expect(chartsSvg(trend({ points }), 'shop')).not.toMatch(/NaN|undefined|Infinity/);
  });
});

it('marks what else changed by a line and a triangle, once for each point', () => {
  const mark = { at: 12_000, kind: 'restart', sentence: '<b>' } as const;
  const svg = chartsSvg(trend({ marks: [mark, mark] }), 'shop');
  expect(count(svg, 'fill="#b58900"')).toBe(2);
  expect(svg).not.toContain('<b>');
  expect(chartsSvg(trend(), 'shop')).not.toContain('#b58900');
});
