// Opens forms. Slack gives three seconds from the click; after that the person is asked to click again.

import type { Actor, DeploymentView, Refusal, TargetRef, WaitingView } from '@bg/engine';
import { targetName } from '@bg/engine';
import type { Card } from '../cards/blocks.ts';
import { noticeCard, refusalCard } from '../cards/refusal-card.ts';
import type { SlackResult } from '../slack/api.ts';
import type { BotContext } from '../slack/bot-context.ts';
import { isLate, problemSentence } from '../slack/problems.ts';
import { cancelModal } from './cancel-modal.ts';
import { continueModal } from './continue-modal.ts';
import { type DeployForm, deployModal } from './deploy-modal.ts';
import { firstModal } from './first-modal.ts';
import type { Modal } from './inputs.ts';
import { lockModal } from './lock-modal.ts';
import { rejectModal } from './reject-modal.ts';
import { stopModal } from './stop-modal.ts';
import { timelineModal } from './timeline-modal.ts';

export interface OpenInput {
  readonly actor: Actor;
  readonly triggerId: string;
}

export async function openDeployModal(
  bot: BotContext,
  { actor, triggerId, ref }: OpenInput & { readonly ref: TargetRef },
): Promise<Card | undefined> {
  if (actor.kind === 'stranger') return refuseUnauthenticated(bot, actor);
  const form = deployForm(bot, ref);
  if (!form.ok) return refusalCard(form.refusal);
  return open(bot, triggerId, deployModal(form.value));
}

const forms = { reject: rejectModal, continue: continueModal, stop: stopModal } as const;

/** Of what asks for a reason. */
export async function openReasonModal(
  bot: BotContext,
  {
    name,
    actor,
    triggerId,
    view,
    stateVersion,
  }: OpenInput & {
    readonly name: keyof typeof forms;
    readonly view: DeploymentView;
    readonly stateVersion: number;
  },
): Promise<Card | undefined> {
  if (actor.kind === 'stranger') return refuseUnauthenticated(bot, actor);
  return open(bot, triggerId, forms[name](view, stateVersion));
}

const formsOfWaiting = { first: firstModal, cancel: cancelModal } as const;

/** Of a deployment that waits. */
export async function openWaitingModal(
  bot: BotContext,
  {
    name,
    actor,
    triggerId,
    view,
  }: OpenInput & { readonly name: keyof typeof formsOfWaiting; readonly view: WaitingView },
): Promise<Card | undefined> {
  if (actor.kind === 'stranger') return refuseUnauthenticated(bot, actor);
  return open(bot, triggerId, formsOfWaiting[name](view));
}

/** Of a target, on the Home tab. */
export async function openLockModal(
  bot: BotContext,
  { actor, triggerId, ref, name }: OpenInput & { readonly ref: string; readonly name: string },
): Promise<Card | undefined> {
  if (actor.kind === 'stranger') return refuseUnauthenticated(bot, actor);
  return open(bot, triggerId, lockModal({ ref, name }));
}

/** Who may see the card may see its timeline. */
export async function openTimeline(
  bot: BotContext,
  { id, triggerId }: { readonly id: string; readonly triggerId: string },
): Promise<Card | undefined> {
  const view = bot.engine.timelines.of(id);
  if (view) return open(bot, triggerId, timelineModal(view, bot.formatter));
  return noticeCard('⚠️ This deployment is not known here any more.');
}

/** The target that was named, else the first one; a name that fits several targets is settled in the form itself. */
export function deployForm(
  { engine }: BotContext,
  ref: TargetRef,
): { readonly ok: true; readonly value: DeployForm } | { readonly ok: false; readonly refusal: Refusal } {
  const { targets } = engine.settings;
  const fitting = targets.filter(
    ({ service, target }) => (ref.service ?? service) === service && (ref.target ?? target) === target,
  );
  const chosen = fitting.find(({ isDefault }) => isDefault) ?? fitting[0];
  const { service, target } = chosen ?? ref;
  const releases = engine.releases({ service, target });
  if (!releases.ok) return releases;
  return {
    ok: true,
    value: {
      targets: targets.map((one) => ({ service: one.service, target: one.target, name: targetName(one) })),
      chosen: { service: service ?? '', target: target ?? '' },
      releases: releases.value,
    },
  };
}

async function open({ slack, log }: BotContext, triggerId: string, modal: Modal): Promise<Card | undefined> {
  const opened: SlackResult<unknown> = await slack.openView(triggerId, modal);
  if (opened.ok) return undefined;
  if (isLate(opened.problem)) return noticeCard('⏱️ That took too long. Click again. Nothing was changed.');
  log.warn({ problem: problemSentence(opened.problem) }, 'a form could not be opened');
  return noticeCard('⚠️ Slack did not open the form. Try again in a moment. Nothing was changed.');
}

function refuseUnauthenticated({ engine }: BotContext, { name }: Actor & { kind: 'stranger' }): Card {
  engine.countUnauthenticated('slack');
  return refusalCard({
    code: 'not-in-team',
    sentence: `${name} is not in the list of people of this configuration, and may look only.`,
    hint: 'Ask a release manager to add you to `people`.',
  });
}
