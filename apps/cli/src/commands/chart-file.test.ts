// `bg show --chart`: a file that other programs open, and a sentence where there is none.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TimelineView, TrendView } from '@bg/engine';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readChartFile, writeChart } from './chart-file.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-chart-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const side = { requests: 100, errors: 1, p50Ms: 10, p99Ms: 80 };
const trend: TrendView = {
  version: 'v2.1',
  from: 'v2.0',
  points: [0, 5_000].map((from) => ({ from, to: from + 5_000, percent: 10, stable: side, canary: side })),
  decision: undefined,
};
const view = (changes: Partial<TimelineView> = {}) =>
  ({ name: 'shop', version: 'v2.1', from: 'v2.0', trend, ...changes }) as TimelineView;

it('writes an SVG, in the place of an earlier one', async () => {
  const file = join(folder, 'canary.svg');
  for (let time = 0; time < 2; time += 1)
    expect(await writeChart(view(), file)).toBe(`Wrote the charts of shop v2.0 → v2.1 to ${file}`);
  expect(readFileSync(file, 'utf8')).toMatch(/^<svg .*<title>shop v2\.0 → v2\.1<\/title>.*<\/svg>\n$/s);
});

it('says why there is none where both sides were never counted', async () => {
  const file = join(folder, 'none.svg');
  expect(await writeChart(view({ trend: undefined }), file)).toContain('No chart: no user was on v2.1');
  expect(() => readFileSync(file)).toThrow('ENOENT');
});

it('refuses another format, and says so where the file cannot be written', async () => {
  expect(() => readChartFile('canary.png')).toThrow('--chart "canary.png" must end in .svg');
  expect(readChartFile('Canary.SVG')).toBe('Canary.SVG');
  await expect(writeChart(view(), join(folder, 'missing', 'canary.svg'))).rejects.toThrow(
    'The chart cannot be written',
  );
});
