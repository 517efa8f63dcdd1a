// The steps of a deployment, with how long each took.

import type { StepView } from '@bg/engine';
import { durationText, since } from '../amounts.ts';
import { type Html, html } from '../html.ts';

const states: Readonly<Record<StepView['status'], { readonly sign: string; readonly word: string }>> = {
  waiting: { sign: '○', word: 'waiting' },
  started: { sign: '▸', word: 'running' },
  done: { sign: '✓', word: 'done' },
  failed: { sign: '✗', word: 'failed' },
  skipped: { sign: '–', word: 'skipped' },
  undone: { sign: '↺', word: 'taken back' },
};

export function stepList(steps: readonly StepView[]): Html {
  return html`<ol class="steps">${steps.map(({ title, status, startedAt, endedAt }) => {
    const { sign, word } = states[status];
    const time =
      startedAt === undefined || status === 'skipped'
        ? undefined
        : endedAt === undefined
          ? since(startedAt)
          : durationText(endedAt - startedAt);
    return html`<li class="${status}"${status === 'started' && html` aria-current="step"`}><span class="sign" aria-hidden="true">${sign}</span> <span class="what">${title}</span> <span class="hidden">${word}</span> <span class="time">${time}</span></li>`;
  })}</ol>`;
}
