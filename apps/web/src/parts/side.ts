// One side of a target: which version, how many users, how it does.

import type { SlotView, TargetView } from '@bg/engine';
import { bytesText, counted, durationText, since, when } from '../amounts.ts';
import { type Html, html } from '../html.ts';

const roleWords: Readonly<Record<SlotView['role'], string>> = {
  active: 'serves users',
  preview: 'preview',
  standby: 'standby',
  idle: 'idle',
};

export function sideCard(side: SlotView, target: TargetView): Html {
  const percent = shareOf(side, target);
  const { slot, role, version } = side;
  const isEmpty = version === undefined || role === 'idle';
  return html`<article class="side ${slot}${isEmpty ? ' idle' : ''}" aria-label="${slot}">
<p class="slot"><span class="dot" aria-hidden="true"></span>${slot} <span class="role">${role === 'active' && percent === 0 ? 'active' : roleWords[role]}</span></p>
<p class="version">${version ?? '–'}</p>
<p class="health">${health(side)}</p>
<p class="share"><strong>${percent} %</strong> of users <svg class="bar" aria-hidden="true" width="100%" height="6"><rect class="rest" width="100%" height="6" rx="3"/>${percent > 0 && html`<rect class="part" width="${percent}%" height="6" rx="3"/>`}</svg></p>
${!isEmpty && html`<dl class="figures">${figures(side)}</dl>`}
</article>`;
}

const healthWords: Readonly<Record<SlotView['health'], { readonly sign: string; readonly word: string }>> = {
  healthy: { sign: '●', word: 'healthy' },
  degraded: { sign: '◐', word: 'degraded' },
  unhealthy: { sign: '✗', word: 'unhealthy' },
  unknown: { sign: '?', word: 'health unknown' },
};

function health({ role, version, health: grade, healthProblem, instances }: SlotView): Html {
  if (version === undefined || role === 'idle') return html`<span class="quiet">does not run</span>`;
  const { sign, word } = healthWords[grade];
  const of = instances && html`, ${instances.filter(({ healthy }) => healthy).length} of ${instances.length} instances`;
  return html`<span class="${grade}"><span aria-hidden="true">${sign}</span> ${word}</span>${of}${healthProblem !== undefined && html`<br><span class="quiet">${healthProblem}</span>`}`;
}

function figures(side: SlotView): readonly Html[] {
  const { since: began, cpuPercent, memoryBytes, open, restarts, port, smoke, keepUntil, label } = side;
  const rows: readonly (readonly [string, string | Html | undefined])[] = [
    ['In this slot', began === undefined ? undefined : since(began)],
    ['CPU', cpuPercent === undefined ? undefined : `${cpuPercent.toFixed(1)} %`],
    ['Memory', memoryBytes === undefined ? undefined : bytesText(memoryBytes)],
    ['Open requests', open === undefined ? undefined : String(open)],
    ['Restarts', restarts === 0 ? undefined : String(restarts)],
    [
      'Smoke tests',
      smoke &&
        html`${smoke.passed} of ${smoke.of} in ${durationText(smoke.ms)}${smoke.problem !== undefined && html`: ${smoke.problem}`}`,
    ],
    ['Label', label],
    ['Kept until', keepUntil === undefined ? undefined : when(keepUntil)],
    ['Port', String(port)],
  ];
  return rows.flatMap(([name, value]) =>
    value === undefined ? [] : [html`<div><dt>${name}</dt><dd>${value}</dd></div>`],
  );
}

/** Percent of the users that the routing sends to this slot. */
export function shareOf({ slot }: Pick<SlotView, 'slot'>, { routing }: Pick<TargetView, 'routing'>): number {
  const { active, canary } = routing;
  if (canary?.slot === slot) return canary.percent;
  return active === slot ? 100 - (canary?.percent ?? 0) : 0;
}

/** What differs between the release and what runs; names of files and variables, no values. */
export function releaseNotes({ slot, filesDrift, wouldChange }: SlotView): readonly Html[] {
  return [
    ...(filesDrift === undefined
      ? []
      : [
          html`${slot}: ${counted(filesDrift.count, 'file')} of the release changed since it was started: ${filesDrift.files.join(', ')}`,
        ]),
    ...(wouldChange === undefined || (wouldChange.variables.length === 0 && !wouldChange.command)
      ? []
      : [
          html`${slot}: the next start would change ${[...(wouldChange.command ? ['the command'] : []), ...wouldChange.variables].join(', ')}`,
        ]),
  ];
}
