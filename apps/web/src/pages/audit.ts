// The audit log: whether it is intact, and its rows by filters.

import { type AuditRow, type AuditStanding, type Engine, shortName } from '@bg/engine';
import { countText, when } from '../amounts.ts';
import { type Html, html } from '../html.ts';
import { withPage } from './history.ts';
import { choice, field, layout, paging, type Site } from './layout.ts';

const perPage = 50;
const mostPages = 20;

interface Found {
  readonly rows: readonly AuditRow[];
  readonly problem: string | undefined;
}

type Reading = Pick<Engine, 'audit' | 'settings'>;

export function auditPage(engine: Reading, query: URLSearchParams, site: Site): Html {
  const given = (name: string): string | undefined => query.get(name)?.slice(0, 200) || undefined;
  const { rows, problem } = findRows(engine, query, perPage * mostPages + 1);
  const pages = Math.min(mostPages, Math.max(1, Math.ceil(rows.length / perPage)));
  const page = Math.min(pages, Math.max(1, Math.floor(Number(query.get('page'))) || 1));
  const places = engine.settings.targets.map(({ service, target }) => `${service}/${target}`);
  const isMore = rows.length > perPage * mostPages;
  return layout(site, {
    title: 'Audit log',
    path: '/audit',
    content: html`<h1>Audit log</h1>
${standingPart(engine.audit.standing())}
<form class="filters" method="get" action="${site.base}/audit" role="search">
${choice({ name: 'place', label: 'Target', all: 'all targets', values: places, chosen: given('place') })}
${field({ name: 'actor', label: 'Who', value: given('actor'), hint: 'alice, machine:ci' })}
${field({ name: 'action', label: 'Action', value: given('action'), hint: 'deployment-*' })}
${field({ name: 'deployment', label: 'Deployment', value: given('deployment'), hint: 'd_…' })}
<button>Show</button></form>
${problem !== undefined && html`<p class="notice warn"><span class="sign" aria-hidden="true">!</span> ${problem}</p>`}
${rowTable(rows.slice((page - 1) * perPage, page * perPage), site.base)}
${paging({ page, pages, to: (number) => `${site.base}/audit?${withPage(query, number)}` })}
${isMore && page === pages && html`<p class="quiet">There are older rows: use the filters, or <code>bg audit list</code>.</p>`}`,
  });
}

/** Newest first. */
export function findRows({ audit }: Reading, query: URLSearchParams, limit: number): Found {
  const given = (name: string): string | undefined => query.get(name) || undefined;
  const [service, target] = given('place')?.split('/') ?? [];
  const found = audit.search({
    service: service ?? given('service'),
    target: target ?? given('target'),
    actor: given('actor'),
    deployment: given('deployment'),
    actions: given('action')
      ?.split(',', 50)
      .map((name) => name.trim()),
  });
  if (!found.ok) return { rows: [], problem: [found.refusal.sentence, found.refusal.hint].join(' ') };
  return { rows: found.value.newest(limit), problem: undefined };
}

function standingPart({ head, verified, published, broken }: AuditStanding): Html {
  if (broken)
    return html`<p class="notice bad"><span class="sign" aria-hidden="true">✗</span> <strong>Broken at row ${countText(broken.seq)}</strong>: ${broken.problem} (found ${when(broken.at)}).</p>`;
  const state =
    verified === undefined
      ? html`<p class="notice warn"><span class="sign" aria-hidden="true">!</span> Not verified yet; the process that drives does it within the hour.</p>`
      : html`<p class="notice good"><span class="sign" aria-hidden="true">✓</span> <strong>Intact up to row ${countText(verified.seq)}</strong>${head && html` of ${countText(head.seq)}`}; all rows were walked last at ${when(verified.fullAt)}.</p>`;
  return html`${state}
<dl class="figures about">${head && html`<div><dt>Head</dt><dd><code>${head.seq}:${head.hash}</code></dd></div>`}
${published && html`<div><dt>Published</dt><dd>row ${countText(published.seq)} in ${published.place}, ${when(published.at)}</dd></div>`}</dl>`;
}

function rowTable(rows: readonly AuditRow[], base: string): Html {
  if (rows.length === 0) return html`<p class="empty">No row of the audit log is like this.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Rows of the audit log"><table class="wide">
<thead><tr><th scope="col">Row</th><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Target</th></tr></thead>
<tbody>${rows.map(({ seq, at, actor, action, code, sentence, service, target, deploymentId }) => html`<tr><th scope="row">${seq}</th><td>${when(at)}</td><td>${shortName(actor)}</td><td>${sentence} <span class="quiet">${deploymentId === null ? action : html`<a href="${base}/deployments/${deploymentId}">${action}</a>`}${code !== null && html` · ${code}`}</span></td><td>${service ?? ''}${target !== null && service !== null && html`/${target}`}</td></tr>`)}</tbody></table></div>`;
}
