// One deployment, as it was: from its rows of the audit log and its journal.

import { shortName, type TimelineStep, type TimelineView } from '@bg/engine';
import { countText, durationText, shareText, since, when } from '../amounts.ts';
import { type Html, html, lines } from '../html.ts';
import { curves } from '../parts/chart.ts';
import { outcomeBadge } from './history.ts';
import { layout, type Site } from './layout.ts';

const mostEntries = 300;

export function deploymentPage(view: TimelineView, site: Site): Html {
  const { id, name, version } = view;
  return layout(site, {
    title: `${name} ${version}`,
    path: '/deployments',
    charts: true,
    live: view.outcome === undefined ? [`deployment:${id}`] : [],
    content: timelineBody(view, site.base),
  });
}

export function timelineBody(view: TimelineView, base: string): Html {
  const { id, service, target, name, version, mode, outcome, trend, slot } = view;
  const place = `${base}/targets/${encodeURIComponent(service)}/${encodeURIComponent(target)}`;
  return html`<article class="timeline" id="deployment" data-live="deployment:${id}">
<header><p class="quiet"><a href="${place}">${name}</a> · ${mode} · <code>${id}</code></p>
<h1>${version} ${outcomeBadge(outcome?.kind)}</h1>
${outcome && html`<p class="outcome">${outcome.sentence} <span class="quiet">by ${shortName(outcome.actor)}, ${when(outcome.at)}</span></p>`}</header>
${view.remarks.map((remark) => html`<p class="notice warn"><span class="sign" aria-hidden="true">!</span> ${remark}</p>`)}
<dl class="figures about">${about(view)}</dl>
${trend && trend.points.length > 0 && html`<section><h2>Both sides</h2>${curves({ trend, slot })}</section>`}
<section><h2>Steps</h2><ol class="steps long">${view.steps.map(stepItem)}</ol></section>
${waits(view)}
${approvals(view)}
${routings(view)}
${entries(view)}
</article>`;
}

function about({
  from,
  requestedBy,
  askedAt,
  beganAt,
  endedAt,
  duration,
  commit,
  digest,
  reason,
  slot,
}: TimelineView): readonly Html[] {
  const rows: readonly (readonly [string, string | Html | undefined])[] = [
    ['From', from],
    ['Into', slot],
    ['Asked by', shortName(requestedBy)],
    ['Asked', when(askedAt)],
    ['Took', endedAt === undefined ? since(beganAt) : durationText(duration.totalMs)],
    ['Waited for people', duration.waitedMs === 0 ? undefined : durationText(duration.waitedMs)],
    ['Commit', commit?.slice(0, 12)],
    ['Digest', digest?.slice(0, 16)],
    ['Reason', reason],
  ];
  return rows.flatMap(([term, value]) =>
    value === undefined ? [] : [html`<div><dt>${term}</dt><dd>${value}</dd></div>`],
  );
}

const stepStates = {
  started: { sign: '▸', word: 'running' },
  done: { sign: '✓', word: 'done' },
  failed: { sign: '✗', word: 'failed' },
  skipped: { sign: '–', word: 'skipped' },
} as const;

function stepItem({
  title,
  status,
  direction,
  startedAt,
  endedAt,
  ms,
  attempts,
  sentence,
  numbers,
  receipt,
  log,
}: TimelineStep): Html {
  const { sign, word } = stepStates[status];
  return html`<li class="${status}"><span class="sign" aria-hidden="true">${sign}</span> <span class="what">${direction === 'unwinding' && 'back: '}${title}</span> <span class="hidden">${word}</span> <span class="time">${endedAt === undefined ? since(startedAt) : durationText(ms)}</span>
${sentence !== '' && html`<p class="quiet">${sentence}${attempts > 1 && html` (begun ${attempts} times)`}</p>`}
${numbers && html`<p class="quiet">New side: ${countText(numbers.canary.requests)} requests, ${shareText(numbers.canary.errors, numbers.canary.requests)} errors. Before: ${countText(numbers.stable.requests)} requests, ${shareText(numbers.stable.errors, numbers.stable.requests)} errors. ${numbers.judgement.verdict}.</p>`}
${receipt && html`<p class="quiet">${receipt.proved ? 'Proved' : 'Not proved'} through the load balancer in ${durationText(receipt.ms)}: ${receipt.nodes.map(({ node, seen, probes }) => `${node} ${seen} of ${probes}`).join(', ')}</p>`}
${log.length > 0 && html`<details><summary>Last lines of its log</summary><pre tabindex="0">${lines(log)}</pre></details>`}</li>`;
}

function waits({ waits: all }: TimelineView): Html | undefined {
  if (all.length === 0) return undefined;
  return html`<section><h2>Waited</h2><ul class="plain">${all.map(({ kind, ms, sentence, to, from }) => html`<li>${kind}: ${to === undefined ? since(from) : durationText(ms)} <span class="quiet">${sentence}</span></li>`)}</ul></section>`;
}

function approvals({ approvals: all }: TimelineView): Html | undefined {
  const decisions = all.flatMap((each) => each.decisions);
  if (decisions.length === 0) return undefined;
  return html`<section><h2>Decisions</h2><ul class="plain">${decisions.map(({ at, by, kind, sentence }) => html`<li>${when(at)} <strong>${shortName(by)}</strong> ${kind} <span class="quiet">${sentence}</span></li>`)}</ul></section>`;
}

function routings({ routings: all }: TimelineView): Html | undefined {
  if (all.length === 0) return undefined;
  return html`<section><h2>Routing</h2><ul class="plain">${all.map(({ at, sentence, silent }) => html`<li>${when(at)} ${sentence}${silent.length > 0 && html` <span class="quiet">did not answer: ${silent.join(', ')}</span>`}</li>`)}</ul></section>`;
}

function entries({ entries: all }: TimelineView): Html {
  const shown = all.slice(0, mostEntries);
  return html`<section><h2>Everything that was recorded</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Rows of the audit log"><table class="wide"><thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th></tr></thead>
<tbody>${shown.map(({ at, actor, action, code, sentence }) => html`<tr><td>${when(at)}</td><td>${shortName(actor)}</td><td>${sentence} <span class="quiet">${action}${code !== undefined && html` · ${code}`}</span></td></tr>`)}</tbody></table></div>
${all.length > shown.length && html`<p class="quiet">The first ${shown.length} of ${all.length} rows; the audit log has all of them.</p>`}</section>`;
}
