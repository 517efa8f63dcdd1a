// The charts of a trend as an SVG file. Scales and lines come from d3, which needs no browser; it is loaded here and by no
// other module, and this module only where a file is wanted: see draw.ts.

import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import type { TrendView } from '../api/trend.ts';
import { type Chart, chartsOf, topOf } from './chart.ts';

/** As many as the record has. */
const mostValues = 120;
const width = 760;
const plot = { left: 64, right: 24, height: 170, above: 46, below: 34 } as const;
/** Told apart by people who see no red and green, and by their dashes. */
const looks = [
  { color: '#1264a3', dash: '6 4' },
  { color: '#c2410c', dash: 'none' },
] as const;

/** Undefined where nothing was answered. `title`: what was deployed where. */
export function chartsSvg(trend: TrendView, title: string): string | undefined {
  const charts = chartsOf(trend, mostValues);
  if (charts.length === 0) return undefined;
  const each = plot.above + plot.height + plot.below;
  const height = 40 + charts.length * each;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text({ x: plot.left, y: 26, size: 16, weight: 'bold' }, title),
    ...charts.map((chart, index) => `<g transform="translate(0 ${40 + index * each})">${chartParts(chart)}</g>`),
    '</svg>\n',
  ].join('\n');
}

const names: Readonly<Record<Chart['metric'], string>> = { errors: 'Errors, %', p99: 'Latency p99, ms' };

function chartParts(chart: Chart): string {
  const { labels, series } = chart;
  const x = scaleLinear([0, Math.max(1, labels.length - 1)], [plot.left, width - plot.right]);
  const y = scaleLinear([0, topOf(chart) || 1], [plot.above + plot.height, plot.above]).nice(4);
  const bottom = plot.above + plot.height;
  const grid = y
    .ticks(4)
    .map((value) =>
      [
        `<line x1="${plot.left}" x2="${width - plot.right}" y1="${rounded(y(value))}" y2="${rounded(y(value))}" stroke="#e2e2e2"/>`,
        text({ x: plot.left - 8, y: rounded(y(value) + 4), anchor: 'end' }, y.tickFormat(4)(value)),
      ].join(''),
    );
  const draw = line<number | undefined>()
    .defined((value) => value !== undefined)
    .x((_, index) => x(index))
    .y((value) => y(value ?? 0))
    .digits(1);
  return [
    text({ x: plot.left, y: 18, size: 13, weight: 'bold' }, names[chart.metric]),
    ...legend(series),
    ...grid,
    ...shares(chart, (index) => rounded(x(index)), bottom),
    ...marks(chart, (index) => rounded(x(index)), bottom),
    ...series.map(({ values }, index) => {
      const { color, dash } = looks[index % looks.length] ?? looks[0];
      const path = draw(values) ?? '';
      return `<path d="${path}" fill="none" stroke="${color}" stroke-width="2" stroke-dasharray="${dash}" stroke-linecap="round"/>`;
    }),
    text({ x: plot.left, y: bottom + 18 }, labels[0] ?? ''),
    text({ x: width - plot.right, y: bottom + 18, anchor: 'end' }, `${labels.at(-1) ?? ''}${decisionText(chart)}`),
  ].join('\n');
}

function legend(series: Chart['series']): readonly string[] {
  return series.map(({ name }, index) => {
    const { color, dash } = looks[index % looks.length] ?? looks[0];
    const at = plot.left + 150 + index * 180;
    const sample = `<line x1="${at}" x2="${at + 28}" y1="14" y2="14" stroke="${color}" stroke-width="2" stroke-dasharray="${dash}"/>`;
    return `${sample}${text({ x: at + 34, y: 18 }, name)}`;
  });
}

/** Where each share begins. */
function shares({ percents }: Chart, x: (index: number) => number, bottom: number): readonly string[] {
  return percents.flatMap((percent, index) => {
    if (percent === percents[index - 1]) return [];
    const at = x(index);
    return [
      `<line x1="${at}" x2="${at}" y1="${plot.above - 8}" y2="${bottom}" stroke="#9a9a9a" stroke-dasharray="2 3"/>`,
      text({ x: at + 4, y: plot.above - 4 }, `${percent} %`),
    ];
  });
}

/** What else changed: a triangle below the plot, and a line through it. */
function marks({ marks: all = [] }: Chart, x: (index: number) => number, bottom: number): readonly string[] {
  return [...new Set(all.map(({ place }) => place))].map((place) => {
    const at = x(place);
    const line = `<line x1="${at}" x2="${at}" y1="${plot.above}" y2="${bottom}" stroke="#b58900" stroke-width="1.5"/>`;
    return `${line}<path d="M${at} ${bottom} l-5 8 h10 z" fill="#b58900"/>`;
  });
}

function decisionText({ decision }: Chart): string {
  if (decision === undefined) return '';
  return ` · ${decision.kind === 'promoted' ? 'promoted' : 'taken back'} at ${decision.label}`;
}

interface TextPlace {
  readonly x: number;
  readonly y: number;
  readonly size?: number;
  readonly weight?: 'bold';
  readonly anchor?: 'end';
}

function text({ x, y, size, weight, anchor }: TextPlace, content: string): string {
  const more = [
    size === undefined ? '' : ` font-size="${size}"`,
    weight === undefined ? '' : ` font-weight="${weight}"`,
    anchor === undefined ? '' : ` text-anchor="${anchor}"`,
  ].join('');
  return `<text x="${x}" y="${y}" fill="#1d1c1d"${more}>${escaped(content)}</text>`;
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

/** Versions and names come from outside; XML allows no control characters at all. */
const escaped = (content: string): string =>
  content
    .replace(/\p{Cc}/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
