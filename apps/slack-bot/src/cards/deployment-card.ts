// The one live message of a deployment: drawn again from the view after every change.

import type { DeploymentView } from '@bg/engine';
import { actions, type Block, type Card, card, header } from './blocks.ts';
import { actionButtons } from './buttons.ts';
import { type ChangesShown, changesPart } from './changes-part.ts';
import {
  approvalPart,
  causePart,
  contextPart,
  numbersPart,
  pausedPart,
  progressPart,
  receiptPart,
  standbyPart,
  stepsPart,
  warningsPart,
} from './parts.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { schemaPart } from './schema-part.ts';
import { headline, type Stage, stageEmoji, stageOf, subject } from './stage.ts';
import { count, outside, share } from './text.ts';
import { timelineButton } from './timeline-button.ts';

type Part = (view: DeploymentView, formatter: PeopleFormatter, changes: ChangesShown | undefined) => Block | undefined;

const underWay: readonly Part[] = [progressPart, changesPart, schemaPart, numbersPart, stepsPart];
const over: readonly Part[] = [causePart, standbyPart];

/** What each stage shows between header and buttons. */
const layouts: Readonly<Record<Stage, readonly Part[]>> = {
  working: underWay,
  canary: underWay,
  approval: [approvalPart, changesPart, schemaPart, progressPart, numbersPart, stepsPart],
  held: underWay,
  paused: [pausedPart, ...underWay],
  baking: [progressPart, schemaPart, receiptPart, numbersPart, standbyPart, stepsPart],
  unwinding: [causePart, progressPart, numbersPart, stepsPart],
  promoted: [causePart, changesPart, receiptPart, schemaPart, standbyPart],
  aborted: over,
  'rolled-back': [causePart, receiptPart, standbyPart],
  failed: [causePart, standbyPart, stepsPart],
  superseded: over,
  cancelled: over,
  halted: [causePart, progressPart, receiptPart, standbyPart, stepsPart],
};

export function deploymentCard(view: DeploymentView, formatter: PeopleFormatter, changes?: ChangesShown): Card {
  const stage = stageOf(view);
  const looking = view.outcome === undefined ? [] : [timelineButton(view.id)];
  const buttons = [...actionButtons(view, view.actions), ...looking];
  // "If a message is updated, use a new block_id": Slack's own advice, or old buttons linger on some clients.
  const drawn = `${view.id}:${view.stateVersion}:${view.observation?.at ?? 0}`;
  return card(deploymentSentence(view), [
    header(`${stageEmoji[stage]} ${subject(view)} · ${headline(view)}`),
    ...layouts[stage].map((part) => part(view, formatter, changes)),
    warningsPart(view),
    buttons.length === 0 ? undefined : actions(buttons, `actions:${drawn}`),
    { ...contextPart(smallPrintOf(view, changes), formatter), block_id: `about:${drawn}` },
  ]);
}

/** The origin is left out where the commits are listed. */
function smallPrintOf(view: DeploymentView, changes: ChangesShown | undefined): DeploymentView {
  return changes === undefined ? view : { ...view, origin: undefined };
}

/** The whole state in one sentence: what a screen reader reads and a notification shows. */
export function deploymentSentence(view: DeploymentView): string {
  const what = outside(`${subject(view)}: ${headline(view)}`, 250);
  if (view.outcome !== undefined) return `${what}. ${outside(view.outcome.sentence, 600)}`;
  if (view.cause !== undefined) return `${what}. ${outside(view.cause.sentence, 600)}`;
  const rest = [numbersSentence(view), nextSentence(view)].filter((part) => part !== '');
  return [`${what}.`, ...rest].join(' ');
}

function numbersSentence({ observation, from }: DeploymentView): string {
  if (observation === undefined) return '';
  const { stable, canary, judgement } = observation;
  const other =
    from === undefined ? '' : ` against ${share(stable.errors, stable.requests)} on ${outside(from.version, 64)}`;
  return `${count(canary.requests)} requests, ${share(canary.errors, canary.requests)} errors${other}, verdict ${judgement.verdict}.`;
}

function nextSentence({ approval, actions: legal }: DeploymentView): string {
  if (approval?.status === 'pending') return `Needs ${approval.needed - approval.given.length} more approval.`;
  return legal.length === 0 ? '' : `Possible now: ${legal.map(({ name }) => name).join(', ')}.`;
}
