// Both sides over time as bars of text: one strip for each side, on one scale, so that colours are not needed to compare them.
// No library draws them: the ones that live draw both sides as one kind of line, which only colours tell apart, and fail
// where a value is missing (docs/charts.md).

import { type Chart, chartsOf, type TrendView, topOf } from '@bg/engine';
import { shareText } from './amounts.ts';
import type { Light } from './light.ts';

const defaultWidth = 80;
/** Of a bar, in columns: few points are still seen as a strip. */
const widestBar = 3;

export interface TrendOptions {
  /** Lines of a strip. */
  readonly height: number;
}

export function trendLines(trend: TrendView, light: Light, { height }: TrendOptions): readonly string[] {
  const { width = defaultWidth } = light;
  const [first] = chartsOf(trend, 1);
  if (first === undefined) return [];
  const names = Math.max(...first.series.map(({ name }) => name.length));
  const room = Math.max(10, width - names - margin.length * 2 - 1);
  const charts = chartsOf(trend, room);
  const bar = Math.max(1, Math.min(widestBar, Math.floor(room / (charts[0]?.labels.length ?? 1))));
  const drawing: Drawing = { height, bar, names, light };
  return [...charts.flatMap((chart) => chartLines(chart, drawing)), ...axisLines(charts[0], drawing)];
}

const margin = '  ';

interface Drawing extends TrendOptions {
  /** Columns of one value. */
  readonly bar: number;
  /** Columns of the longest name. */
  readonly names: number;
  readonly light: Light;
}

const titles: Readonly<Record<Chart['metric'], string>> = { errors: 'errors', p99: 'p99' };

function chartLines(chart: Chart, drawing: Drawing): readonly string[] {
  const { paint } = drawing.light;
  const top = topOf(chart);
  const most = chart.unit === 'ms' ? `${Math.round(top)} ms` : shareText(top / 100);
  return [
    paint.dim(`${margin}${titles[chart.metric]}, up to ${most}`),
    ...chart.series.flatMap(({ name, values }) => stripLines(name, values, top, drawing)),
  ];
}

/** Ascending; the first one is for nothing at all, so that it differs from no answer. */
const signs = { unicode: [...'▁▂▃▄▅▆▇█'], ascii: [...'_.:-=+*#'] } as const;
const unknownSign = { unicode: '·', ascii: ' ' } as const;

function stripLines(
  name: string,
  values: readonly (number | undefined)[],
  top: number,
  { height, bar, names, light }: Drawing,
): readonly string[] {
  const kind = light.ascii === true ? 'ascii' : 'unicode';
  const levels = signs[kind];
  return Array.from({ length: height }, (_, line) => {
    const below = height - 1 - line;
    const cells = values.map((value) => {
      if (value === undefined) return below === 0 ? unknownSign[kind] : ' ';
      const eighths = Math.round((top === 0 ? 0 : value / top) * height * levels.length) - below * levels.length;
      if (eighths <= 0) return below === 0 ? levels[0] : ' ';
      return levels[Math.min(levels.length, eighths) - 1];
    });
    const strip = cells.map((cell) => (cell ?? ' ').repeat(bar)).join('');
    return `${margin}${(below === 0 ? name : '').padEnd(names)}${margin}${strip}`.trimEnd();
  });
}

/** Where a share begins, how long it all took, and when it was decided. */
function axisLines(chart: Chart | undefined, { bar, names, light }: Drawing): readonly string[] {
  if (chart === undefined) return [];
  const { percents, labels, decision } = chart;
  const width = percents.length * bar;
  const axis = percents.reduce((line, percent, index) => {
    const at = index * bar;
    const isFree = line.length === 0 || line.length < at;
    return percent === percents[index - 1] || !isFree ? line : `${line.padEnd(at)}${percent} %`;
  }, '');
  const end = labels.at(-1) ?? '';
  const room = Math.max(width - end.length, axis.length + 1);
  const line = `${margin}${' '.repeat(names)}${margin}${axis.padEnd(room)}${end}`;
  const word = decision?.kind === 'promoted' ? 'promoted' : 'taken back';
  const decided = decision === undefined ? [] : [`${margin}${word} at ${decision.label}`];
  return [line, ...decided].map((each) => light.paint.dim(each));
}
