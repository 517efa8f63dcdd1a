// Native charts (`data_visualization`) as Slack draws them: lines over categories. A table with the same numbers is there
// for screen readers, as Slack has it.

import { h } from './dom.js';

const SVG = 'http://www.w3.org/2000/svg';
const COLORS = ['#1264a3', '#e01e5a', '#2eb67d', '#ecb22e', '#611f69', '#868686'];
const SIZE = { width: 600, height: 200, left: 44, right: 12, top: 22, bottom: 34 };

export function renderChart(block) {
  const { chart, title } = block;
  const isDrawn = ['line', 'area', 'bar'].includes(chart.type);
  return h(
    'figure',
    { class: 'block-chart', role: 'group', 'aria-label': title },
    h('figcaption', {}, title),
    isDrawn ? lines(chart) : h('div', { class: 'unknown' }, `[${chart.type} chart]`),
    isDrawn && legend(chart.series),
    isDrawn && numbers(chart),
  );
}

function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

function lines({ series, axis_config: { categories, x_label: xLabel, y_label: yLabel } }) {
  const top = niceTop(Math.max(0, ...series.flatMap(({ data }) => data.map(({ value }) => value))));
  const { width, height, left, right, bottom } = SIZE;
  const step = (width - left - right) / Math.max(1, categories.length - 1);
  const x = (index) => left + index * step;
  const y = (value) => height - bottom - (value / top) * (height - bottom - SIZE.top);
  const every = Math.ceil(categories.length / 6);
  return svg(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-hidden': 'true' },
    ...[0, top / 2, top].flatMap((value) => [
      svg('line', { class: 'grid', x1: left, x2: width - right, y1: y(value), y2: y(value) }),
      svg('text', { class: 'tick', x: left - 6, y: y(value) + 4, 'text-anchor': 'end' }, shortNumber(value)),
    ]),
    ...categories.flatMap((label, index) =>
      index % every === 0
        ? [svg('text', { class: 'tick', x: x(index), y: height - bottom + 16, 'text-anchor': anchor(index) }, label)]
        : [],
    ),
    svg('text', { class: 'axis', x: (left + width) / 2, y: height - 4, 'text-anchor': 'middle' }, xLabel ?? ''),
    svg('text', { class: 'axis', x: 4, y: 12 }, yLabel ?? ''),
    ...series.map(({ data }, index) =>
      svg('polyline', {
        class: 'line',
        stroke: COLORS[index % COLORS.length],
        points: data.map(({ value }, at) => `${x(at)},${y(value)}`).join(' '),
      }),
    ),
  );
}

const anchor = (index) => (index === 0 ? 'start' : 'middle');

function legend(series) {
  return h(
    'div',
    { class: 'legend', 'aria-hidden': 'true' },
    series.map(({ name }, index) =>
      h(
        'span',
        {},
        svg(
          'svg',
          { viewBox: '0 0 10 10' },
          svg('rect', { width: 10, height: 10, rx: 2, fill: COLORS[index % COLORS.length] }),
        ),
        name,
      ),
    ),
  );
}

function numbers({ series, axis_config: { categories } }) {
  return h(
    'table',
    { class: 'for-readers' },
    h(
      'tr',
      {},
      h('th', {}, ''),
      series.map(({ name }) => h('th', {}, name)),
    ),
    categories.map((label, index) =>
      h(
        'tr',
        {},
        h('th', {}, label),
        series.map(({ data }) => h('td', {}, String(data[index]?.value ?? ''))),
      ),
    ),
  );
}

function niceTop(value) {
  if (value <= 0) return 1;
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((times) => times * size).find((top) => top >= value) ?? value;
}

const shortNumber = (value) => (value >= 1000 ? `${value / 1000}k` : String(Math.round(value * 100) / 100));
