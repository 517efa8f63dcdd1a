// How deployments went in a period: the figures of `bg report`.

import { type Engine, figureRows, goalRows, headlineOf, type Report, type Result } from '@bg/engine';
import { type Html, html } from '../html.ts';
import { choice, layout, type Site } from './layout.ts';

const periods = ['1d', '7d', '30d', '90d', '365d'] as const;

export interface ReportAsked {
  readonly since: string;
  readonly service: string | undefined;
  readonly target: string | undefined;
}

export function reportAsked(query: URLSearchParams): ReportAsked {
  const since = periods.find((each) => each === query.get('since')) ?? '30d';
  const [service, target] = (query.get('place') || undefined)?.split('/') ?? [];
  return { since, service, target };
}

interface Shown {
  readonly asked: ReportAsked;
  readonly report: Result<Report>;
}

export function reportPage({ settings }: Pick<Engine, 'settings'>, { asked, report }: Shown, site: Site): Html {
  const places = settings.targets.map(({ service, target }) => `${service}/${target}`);
  const place = asked.service === undefined ? undefined : `${asked.service}/${asked.target}`;
  return layout(site, {
    title: 'Report',
    path: '/report',
    content: html`<h1>Report</h1>
<form class="filters" method="get" action="${site.base}/report" role="search">
${choice({ name: 'place', label: 'Target', all: 'all targets', values: places, chosen: place })}
<label>Period <select name="since">${periods.map((each) => html`<option value="${each}"${each === asked.since && html` selected`}>last ${each.replace('d', each === '1d' ? ' day' : ' days')}</option>`)}</select></label>
<button>Show</button></form>
${report.ok ? figures(report.value) : html`<p class="notice warn"><span class="sign" aria-hidden="true">!</span> ${report.refusal.sentence}</p>`}`,
  });
}

function figures(report: Report): Html {
  const { period, targets, goals } = report;
  const rows = figureRows(report.figures);
  return html`<p class="headline">${headlineOf(report)}</p>
<p class="quiet">${period.local.since} to ${period.local.until}</p>
${rows.length === 0 ? html`<p class="empty">This period has no figure.</p>` : html`<dl class="cards">${rows.map(({ label, text }) => html`<div><dt>${label}</dt><dd>${text}</dd></div>`)}</dl>`}
${goals.length > 0 && html`<section><h2>Goals</h2><ul class="plain">${goalRows(goals).map(({ label, text, isMet }) => html`<li>${goalBadge(isMet)} <strong>${label}</strong> ${text}</li>`)}</ul></section>`}
${targets.map(({ service, target, figures: own }) => html`<section><h2>${service}/${target}</h2><dl class="cards">${figureRows(own).map(({ label, text }) => html`<div><dt>${label}</dt><dd>${text}</dd></div>`)}</dl></section>`)}`;
}

function goalBadge(isMet: boolean | undefined): Html {
  if (isMet === undefined) return html`<span class="badge calm">no figure</span>`;
  return isMet
    ? html`<span class="badge good"><span aria-hidden="true">✓</span> met</span>`
    : html`<span class="badge bad"><span aria-hidden="true">✗</span> missed</span>`;
}
