// The deployments of all targets, newest first, with filters.

import { type DeploymentView, type Engine, type OutcomeKind, shortName } from '@bg/engine';
import { durationText, when } from '../amounts.ts';
import { type Html, html } from '../html.ts';
import { choice, field, layout, paging, type Site } from './layout.ts';

const outcomes: readonly OutcomeKind[] = [
  'promoted',
  'aborted',
  'rolled-back',
  'failed',
  'superseded',
  'cancelled',
  'halted',
];
const modes: readonly DeploymentView['mode'][] = ['deploy', 'redeploy', 'rollback', 'switch'];
const perPage = 25;
/** The engine gives at most so many of one target. */
const mostOfOne = 200;
const mostOfAll = 400;

type Reading = Pick<Engine, 'history' | 'settings'>;

export function historyPage(engine: Reading, query: URLSearchParams, site: Site): Html {
  const chosen = (name: string): string | undefined => query.get(name)?.slice(0, 200) || undefined;
  const places = engine.settings.targets.map(({ service, target }) => `${service}/${target}`);
  const found = findDeployments(engine, query);
  const pages = Math.max(1, Math.ceil(found.length / perPage));
  const page = Math.min(pages, Math.max(1, Math.floor(Number(query.get('page'))) || 1));
  const to = (number: number): string => `${site.base}/history?${withPage(query, number)}`;
  return layout(site, {
    title: 'History',
    path: '/history',
    content: html`<h1>History</h1>
<form class="filters" method="get" action="${site.base}/history" role="search">
${choice({ name: 'place', label: 'Target', all: 'all targets', values: places, chosen: chosen('place') })}
${choice({ name: 'outcome', label: 'Outcome', all: 'all outcomes', values: ['under way', ...outcomes], chosen: chosen('outcome') })}
${choice({ name: 'mode', label: 'Kind', all: 'all kinds', values: modes, chosen: chosen('mode') })}
${field({ name: 'word', label: 'Version or person', value: chosen('word') })}
<button>Show</button></form>
<p class="quiet">${found.length} of the last deployments.</p>
${historyTable(found.slice((page - 1) * perPage, page * perPage), site.base)}
${paging({ page, pages, to })}`,
  });
}

/** By `place`, `outcome`, `mode`, `word`. Newest first. */
export function findDeployments({ history, settings }: Reading, query: URLSearchParams): readonly DeploymentView[] {
  const place = query.get('place') || undefined;
  const [outcome, mode, word = ''] = ['outcome', 'mode', 'word'].map((name) => query.get(name) || undefined);
  const targets = settings.targets.filter(
    ({ service, target }) => place === undefined || place === `${service}/${target}`,
  );
  const limit = Math.min(mostOfOne, Math.ceil(mostOfAll / Math.max(1, targets.length)));
  return targets
    .flatMap(({ service, target }) => {
      const found = history({ service, target }, limit);
      return found.ok ? found.value : [];
    })
    .filter((each) => outcome === undefined || outcome === (each.outcome?.kind ?? 'under way'))
    .filter((each) => mode === undefined || each.mode === mode)
    .filter(({ version, requestedBy }) =>
      `${version} ${shortName(requestedBy)}`.toLowerCase().includes(word.toLowerCase()),
    )
    .toSorted((one, other) => other.requestedAt - one.requestedAt);
}

export function withPage(query: URLSearchParams, page: number): string {
  const changed = new URLSearchParams(query);
  changed.set('page', String(page));
  return changed.toString();
}

export function historyTable(deployments: readonly DeploymentView[], base: string): Html {
  if (deployments.length === 0) return html`<p class="empty">No deployment is like this.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Deployments"><table class="wide">
<thead><tr><th scope="col">Deployment</th><th scope="col">Target</th><th scope="col">Outcome</th><th scope="col">Asked by</th><th scope="col">Asked</th><th scope="col">Took</th></tr></thead>
<tbody>${deployments.map((each) => historyRow(each, base))}</tbody></table></div>`;
}

function historyRow(
  { id, mode, version, from, name, outcome, requestedBy, requestedAt, cause }: DeploymentView,
  base: string,
): Html {
  const sentence = outcome?.kind === 'promoted' ? undefined : (outcome?.sentence ?? cause?.sentence);
  return html`<tr><th scope="row"><a href="${base}/deployments/${id}">${version}</a> <span class="quiet">${mode}${from && html`, from ${from.version}`}</span></th><td>${name}</td><td>${outcomeBadge(outcome?.kind)}${sentence !== undefined && html`<br><span class="quiet">${sentence}</span>`}</td><td>${shortName(requestedBy)}</td><td>${when(requestedAt)}</td><td>${outcome && durationText(outcome.at - requestedAt)}</td></tr>`;
}

const signs: Readonly<Record<OutcomeKind, { readonly sign: string; readonly tone: string }>> = {
  promoted: { sign: '✓', tone: 'good' },
  aborted: { sign: '–', tone: 'calm' },
  'rolled-back': { sign: '↺', tone: 'bad' },
  failed: { sign: '✗', tone: 'bad' },
  superseded: { sign: '–', tone: 'calm' },
  cancelled: { sign: '–', tone: 'calm' },
  halted: { sign: '!', tone: 'bad' },
};

export function outcomeBadge(kind: OutcomeKind | undefined): Html {
  if (kind === undefined) return html`<span class="badge ask"><span aria-hidden="true">▸</span> under way</span>`;
  const { sign, tone } = signs[kind];
  return html`<span class="badge ${tone}"><span aria-hidden="true">${sign}</span> ${kind.replace('-', ' ')}</span>`;
}
