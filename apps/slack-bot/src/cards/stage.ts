// Which picture of a deployment to draw: one of a closed set, decided only from the view.

import type { DeploymentView, OutcomeKind } from '@bg/engine';
import { endHeadline, type LiveEnd } from './live-end.ts';
import { plain } from './text.ts';

export type Stage = 'working' | 'canary' | 'approval' | 'held' | 'paused' | 'baking' | 'unwinding' | OutcomeKind;

export function stageOf(view: DeploymentView): Stage {
  if (view.outcome !== undefined) return view.outcome.kind;
  if (view.direction === 'unwinding') return 'unwinding';
  if (view.paused !== undefined) return 'paused';
  if (view.approval?.status === 'pending') return 'approval';
  if (view.waitsFor === 'people') return 'held';
  if (view.waitsFor === 'time' && view.percent === 100) return 'baking';
  return view.percent > 0 && view.percent < 100 ? 'canary' : 'working';
}

export const stageEmoji: Readonly<Record<Stage, string>> = {
  working: '🔵',
  canary: '🟡',
  approval: '🔒',
  held: '✋',
  paused: '⏸️',
  baking: '🟢',
  unwinding: '↩️',
  promoted: '🟢',
  aborted: '⚪',
  'rolled-back': '🔴',
  failed: '🔴',
  superseded: '⚪',
  cancelled: '⚪',
  halted: '🚨',
};

const endEmoji: Readonly<Record<LiveEnd['kind'], string>> = {
  replaced: '⚪',
  switched: '⚪',
  elsewhere: '⚪',
  'rolled-back': '↩️',
};

/** `end`: of a release that was live. */
export const emojiOf = (view: DeploymentView, end?: LiveEnd): string =>
  end === undefined ? stageEmoji[stageOf(view)] : endEmoji[end.kind];

/** What is happening, in a few words for the card's header. */
export function headline(view: DeploymentView, end?: LiveEnd): string {
  if (end !== undefined) return endHeadline(end);
  const stage = stageOf(view);
  switch (stage) {
    case 'working':
      return currentStep(view)?.title ?? (view.phase === 'fetching' ? 'fetching the release' : 'starting');
    case 'canary':
      return `canary ${view.percent} %`;
    case 'approval':
      return view.percent > 0 ? `canary ${view.percent} %, needs approval` : 'needs approval';
    case 'held':
      return `ready in ${view.slot}, held`;
    case 'paused':
      return `paused at ${view.percent} %`;
    case 'baking':
      return 'live, being watched';
    case 'unwinding':
      return view.from === undefined ? 'giving up' : `going back to ${view.from.version}`;
    case 'promoted':
      return 'live';
    case 'rolled-back':
      return view.from === undefined ? 'rolled back' : `rolled back to ${view.from.version}`;
    case 'halted':
      return 'needs a person';
    case 'aborted':
    case 'failed':
    case 'superseded':
    case 'cancelled':
      return stage;
    default:
      return stage satisfies never;
  }
}

export function currentStep(view: DeploymentView): DeploymentView['steps'][number] | undefined {
  return view.steps.find(({ status }) => status === 'started') ?? view.steps.find(({ status }) => status === 'failed');
}

/** `shop v2.1`, `shop back to v2.0`: what the deployment does, however it ended. */
export function subject({ name, version, mode }: DeploymentView): string {
  const what = plain(name, 60);
  const which = plain(version, 64);
  switch (mode) {
    case 'deploy':
      return `${what} ${which}`;
    case 'redeploy':
      return `${what} ${which} again`;
    case 'rollback':
      return `${what} back to ${which}`;
    case 'switch':
      return `${what} switch to ${which}`;
    default:
      return mode satisfies never;
  }
}
