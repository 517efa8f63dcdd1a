// A target as the first page and its own page show it: both sides, what is under way, whether a rollback would work.

import { type DeploymentView, inWords, type SideCounts, shortName, type TargetView, type TrendView } from '@bg/engine';
import { countText, durationText, shareText, since, when } from '../amounts.ts';
import { type Html, html } from '../html.ts';
import { curves } from './chart.ts';
import { schemaPart } from './schema.ts';
import { releaseNotes, shareOf, sideCard } from './side.ts';
import { stepList } from './steps.ts';

interface More {
  readonly base: string;
  /** Of the deployment under way. */
  readonly trend: TrendView | undefined;
}

export function targetCard(target: TargetView, { base, trend }: More): Html {
  const { service, target: place, name, slots, entrypoints, live } = target;
  const id = `target-${service}-${place}`;
  const path = `${base}/targets/${encodeURIComponent(service)}/${encodeURIComponent(place)}`;
  return html`<section class="target" id="${id}" data-live="target:${service}/${place}" aria-labelledby="${id}-name">
<header><h2 class="name" id="${id}-name"><a href="${path}">${name}</a></h2> <p class="place">${service}/${place}${entrypoints.map((entrypoint) => html` · ${entrypoint}`)}</p>
<p class="now">${audience(target)}</p></header>
<div class="sides">${slots.map((slot) => sideCard(slot, target))}</div>
${readiness(target)}
${live && underWay(live, { base, trend })}
${attention(target)}
${schemaPart(target.schema)}
</section>`;
}

/** Who gets what now, in one sentence. */
function audience(target: TargetView): string {
  const { slots, routing } = target;
  const getting = slots.filter((slot) => shareOf(slot, target) > 0);
  if (routing.active === undefined) return 'No users are served yet.';
  const [first, second] = getting.toSorted((one, other) => shareOf(other, target) - shareOf(one, target));
  if (first === undefined) return 'No users are served yet.';
  if (second === undefined) return `Everyone is on ${first.version ?? first.slot}.`;
  return `${shareOf(second, target)} % of users are on ${second.version ?? second.slot}, the others on ${first.version ?? first.slot}.`;
}

const readinessWords: Readonly<
  Record<TargetView['rollback']['readiness'], { readonly word: string; readonly sign: string }>
> = {
  instant: { word: 'Instant', sign: '●' },
  slow: { word: 'Slow', sign: '◐' },
  blocked: { word: 'Not possible', sign: '○' },
};

function readiness({ rollback, drill }: TargetView): Html {
  const { word, sign } = readinessWords[rollback.readiness];
  const last = drill?.last;
  return html`<p class="ready"><strong>Rollback</strong> <span class="${rollback.readiness}"><span aria-hidden="true">${sign}</span> ${word}${rollback.version !== undefined && html` to ${rollback.version}`}</span><span class="quiet">: ${rollback.sentence}.</span>${last && html` <span class="quiet">Last drill ${last.code} ${when(last.at)}${last.ms !== undefined && html`, in ${durationText(last.ms)}`}.</span>`}</p>`;
}

const modeWords: Readonly<Record<DeploymentView['mode'], string>> = {
  deploy: 'Deploying',
  redeploy: 'Deploying again',
  rollback: 'Rolling back to',
  switch: 'Switching to',
};

function underWay(live: DeploymentView, { base, trend }: More): Html {
  const { id, mode, version, requestedBy, requestedAt, direction, origin, reason, cause, approval, paused, frozen } =
    live;
  return html`<div class="deployment">
<h3><a href="${base}/deployments/${id}">${direction === 'unwinding' ? 'Taking back' : modeWords[mode]} ${version}</a></h3>
<p class="quiet">asked by ${shortName(requestedBy)}, ${since(requestedAt)}${reason !== undefined && html` · “${reason}”`}${origin?.subject !== undefined && html` · ${origin.subject}`}</p>
${cause && html`<p class="notice bad"><span class="sign" aria-hidden="true">✗</span> ${cause.sentence}</p>`}
${approval?.status === 'pending' && html`<p class="notice ask"><span class="sign" aria-hidden="true">?</span> Waits for an approval (${approval.given.length} of ${approval.needed}), until ${when(approval.deadlineAt)}.</p>`}
${paused && html`<p class="notice warn"><span class="sign" aria-hidden="true">‖</span> Paused by ${shortName(paused.by)} at ${when(paused.at)}.</p>`}
${frozen && html`<p class="notice warn"><span class="sign" aria-hidden="true">‖</span> ${frozen.sentence}</p>`}
${stepList(live.steps)}
${numbers(live)}
${trend && trend.points.length > 0 && curves({ trend, slot: live.slot })}
</div>`;
}

/** Both sides since the present share was set, and what the judge makes of them. */
function numbers({ observation, from, version, slot, percent }: DeploymentView): Html | undefined {
  if (observation === undefined || from === undefined || percent === 0 || percent === 100) return undefined;
  const { stable, canary, judgement } = observation;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Numbers of both sides"><table class="numbers">
<thead><tr><th scope="col">Side</th><th scope="col">Users</th><th scope="col">Requests</th><th scope="col">Errors</th><th scope="col">p50</th><th scope="col">p99</th></tr></thead>
<tbody>${sideRow({ name: version, slot, percent, counts: canary })}${sideRow({ name: from.version, slot: from.slot, percent: 100 - percent, counts: stable })}</tbody></table></div>
<p class="verdict"><strong>${judgement.verdict}</strong> ${inWords(judgement, { version, from: from.version })}</p>`;
}

interface SideRow {
  readonly name: string;
  readonly slot: string;
  readonly percent: number;
  readonly counts: SideCounts;
}

function sideRow({ name, slot, percent, counts: { requests, errors, p50Ms, p99Ms } }: SideRow): Html {
  const times = requests === 0 ? ['–', '–'] : [durationText(p50Ms), durationText(p99Ms)];
  return html`<tr><th scope="row"><span class="key ${slot}">${name}</span></th><td>${percent} %</td><td>${countText(requests)}</td><td>${requests === 0 ? 'no data yet' : shareText(errors, requests)}</td>${times.map((time) => html`<td>${time}</td>`)}</tr>`;
}

/** What a person should know, each in one line. */
function attention(target: TargetView): Html | undefined {
  const { drift, lock, suspension, freeze, waiting = [], staleness, nodes, slots } = target;
  const all: readonly (Html | undefined)[] = [
    ...(drift
      ? drift.nodes
          .filter(({ differs }) => differs)
          .map(
            ({ node, does }) =>
              html`The load balancer differs from what was set, since ${when(drift.since)}: ${node}: ${does}`,
          )
      : []),
    ...nodes
      .filter(({ reachable }) => !reachable)
      .map(
        ({ node, problem }) =>
          html`The load balancer ${node} does not answer${problem !== undefined && html`: ${problem}`}`,
      ),
    lock && html`Locked by ${shortName(lock.owner)} until ${when(lock.until)}: ${lock.reason}`,
    suspension &&
      html`Automation suspended by ${shortName(suspension.by)} since ${when(suspension.since)}: ${suspension.reason}`,
    freeze && html`${freeze.sentence}`,
    ...waiting.map(
      ({ version, requestedBy, due, status }) =>
        html`${version} of ${shortName(requestedBy)} ${due ? html`is scheduled for ${when(due.at)}` : html`waits (${status})`}`,
    ),
    staleness && html`${staleness.sentence}`,
    ...slots.flatMap(releaseNotes),
  ];
  const present = all.filter((each) => each !== undefined);
  return present.length === 0
    ? undefined
    : html`<ul class="attention">${present.map((each) => html`<li><span class="sign" aria-hidden="true">!</span> ${each}</li>`)}</ul>`;
}
