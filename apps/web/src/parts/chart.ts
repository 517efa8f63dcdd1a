// Curves of both sides. The script draws them; the figures are in a table below, for screen readers and without a script.

import type { SlotName, TrendView } from '@bg/engine';
import { countText, durationText, shareText } from '../amounts.ts';
import { type Html, html } from '../html.ts';

interface Curves {
  readonly trend: TrendView;
  /** Of the new side. */
  readonly slot: SlotName;
}

type Point = TrendView['points'][number];

const metrics = [
  { key: 'rate', title: 'Requests', unit: '/s' },
  { key: 'errors', title: 'Errors', unit: '%' },
  { key: 'p99', title: 'Latency, p99', unit: 'ms' },
] as const;

export function curves({ trend, slot }: Curves): Html {
  const stable = slot === 'blue' ? 'green' : 'blue';
  const { version, from = 'before' } = trend;
  const data = JSON.stringify(drawnOf(trend));
  return html`<figure class="curves" aria-label="Traffic of both sides">
<p class="legend"><span class="key ${stable}">${from} <small>(${stable}, before)</small></span> <span class="key ${slot} new">${version} <small>(${slot}, new)</small></span></p>
<div class="charts" data-trend="${data}" data-stable="${stable}" data-new="${slot}">
${metrics.map(({ key, title, unit }) => html`<div class="chart"><p class="title">${title} <small>${unit}</small></p><div class="plot" data-metric="${key}"></div></div>`)}
</div>
<details><summary>Figures</summary>
<div class="scroll" tabindex="0" role="region" aria-label="Figures of both sides"><table>
<thead><tr><th scope="col">After</th><th scope="col">New side</th><th scope="col">${from}: requests</th><th scope="col">errors</th><th scope="col">p99</th><th scope="col">${version}: requests</th><th scope="col">errors</th><th scope="col">p99</th></tr></thead>
<tbody>${trend.points.map((point) => row(point, trend.points[0]?.from ?? point.from))}</tbody></table></div></details>
</figure>`;
}

function row({ to, percent, stable, canary }: Point, start: number): Html {
  return html`<tr><th scope="row">${durationText(to - start)}</th><td>${percent} %</td>${[stable, canary].map(
    (side) =>
      html`<td>${countText(side.requests)}</td><td>${shareText(side.errors, side.requests)}</td><td>${side.p99Ms === undefined ? '–' : durationText(side.p99Ms)}</td>`,
  )}</tr>`;
}

/** Columns, as the chart library takes them; null where nothing is known. */
function drawnOf({ points, version, from, decision }: TrendView) {
  const rounded = (value: number | undefined) => (value === undefined ? null : Number(value.toFixed(2)));
  const side = (of: 'stable' | 'canary') => ({
    rate: points.map((point) => rounded(perSecond(point, of))),
    errors: points.map(({ [of]: { requests, errors } }) =>
      requests === 0 ? null : rounded((100 * errors) / requests),
    ),
    p99: points.map(({ [of]: { p99Ms } }) => rounded(p99Ms)),
  });
  return {
    at: points.map(({ to }) => Math.round(to / 100) / 10),
    percent: points.map(({ percent }) => percent),
    stable: { name: from ?? 'before', ...side('stable') },
    canary: { name: version, ...side('canary') },
    decision: decision && { at: Math.round(decision.at / 100) / 10, kind: decision.kind },
  };
}

const perSecond = ({ from, to, ...sides }: Point, of: 'stable' | 'canary'): number | undefined =>
  to <= from ? undefined : (1_000 * sides[of].requests) / (to - from);
