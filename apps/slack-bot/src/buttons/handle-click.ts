// A click on a button of a card. Nothing in the button is trusted: the bot looks the deployment up, the engine decides.

import {
  type ActionName,
  type Actor,
  type DeploymentView,
  type Engine,
  entryOf,
  type Refusal,
  type Result,
} from '@bg/engine';
import type { Card } from '../cards/blocks.ts';
import { readRef, readSideRef } from '../cards/button-value.ts';
import type { ConfigurationAction } from '../cards/configuration-card.ts';
import type { ContractAction } from '../cards/contract-card.ts';
import { retryDelivery } from '../cards/delivery-card.ts';
import type { DriftAction } from '../cards/drift-card.ts';
import { isHomeAction } from '../cards/home-buttons.ts';
import { unlockAction } from '../cards/lock-card.ts';
import { goodLook, stopLook } from '../cards/look-card.ts';
import { homePage, readStatusPage, statusPage } from '../cards/pages.ts';
import { noticeCard, refusalCard } from '../cards/refusal-card.ts';
import { isTimelineAction } from '../cards/timeline-button.ts';
import { isWaitingAction } from '../cards/waiting-card.ts';
import { approversOf, asksApprovers, isSignal, sendSignal } from '../commands/signals.ts';
import { status } from '../commands/status.ts';
import { openReasonModal, openTimeline } from '../modals/open.ts';
import { putCard } from '../outbox/messages.ts';
import type { BotContext, ButtonClick } from '../slack/bot-context.ts';
import { handleBuildClick, isBuildAction } from './build.ts';
import { handleConfigurationClick, isConfigurationAction } from './configuration.ts';
import { handleContractClick, isContractAction } from './contract.ts';
import { handleDeliveryClick } from './delivery.ts';
import { handleDriftClick, isDriftAction } from './drift.ts';
import { handleHomeClick } from './home.ts';
import { handleUnlockClick } from './lock.ts';
import { handleWaitingClick } from './waiting.ts';

/** The private answer to the click; undefined when the updated card is the answer. */
export async function handleClick(bot: BotContext, input: ButtonClick): Promise<Card | undefined> {
  const name = input.actionId.replace(/^deploy\./, '');
  const verb = entryOf(sideVerbs, name);
  if (verb) return handleSideClick(bot, input, { name, verb });
  for (const [isMine, handle] of families) if (isMine(name)) return handle(bot, input, name);
  const ref = readRef(input.value);
  const view = ref && bot.engine.deployment(ref.id);
  if (ref === undefined || view === undefined) return refused(bot, input, unknownButton);
  const click: DeploymentClick = { ...input, view, stateVersion: ref.stateVersion };
  if (name === goodLook) return handleGoodLook(bot, click);
  const form = entryOf(reasonForms, name);
  if (form !== undefined) return handleReasonClick(bot, click, form);
  const result =
    name === 'rollback'
      ? handleRollbackClick(bot, click)
      : isSignal(name)
        ? await handleSignalClick(bot, click, name)
        : unknown;
  if (result.ok) return undefined;
  // A refusal may mean that the card shows what is not so any more.
  putCard(bot.engine.outbox, view, { urgent: true });
  return refusalCard(result.refusal);
}

type Handle = (bot: BotContext, input: ButtonClick, name: string) => Shown | Promise<Shown>;
type Shown = Card | undefined;

/** Buttons that are about something else than a deployment. The page of the Home tab is drawn by the caller. */
const families: readonly (readonly [isMine: (name: string) => boolean, handle: Handle])[] = [
  [(name) => name.startsWith(`${homePage}:`), () => undefined],
  [(name) => name.startsWith(`${statusPage}:`), (bot, { value }) => turnStatus(bot, value)],
  [isHomeAction, handleHomeClick],
  [isTimelineAction, (bot, { value, triggerId }) => openTimeline(bot, { id: value, triggerId })],
  [isWaitingAction, handleWaitingClick],
  [(name) => name === unlockAction, handleUnlockClick],
  [isDriftAction, (bot, input, name) => handleDriftClick(bot, input, name as DriftAction)],
  [isConfigurationAction, (bot, input, name) => handleConfigurationClick(bot, input, name as ConfigurationAction)],
  [isContractAction, (bot, input, name) => handleContractClick(bot, input, name as ContractAction)],
  [isBuildAction, handleBuildClick],
  [(name) => name === retryDelivery, handleDeliveryClick],
];

function turnStatus(bot: BotContext, value: string): Card {
  const { index, service } = readStatusPage(value);
  return status(bot, { service }, index);
}

/** What asks for a reason first. */
const reasonForms = { reject: 'reject', continue: 'continue', [stopLook]: 'stop' } as const;

interface DeploymentClick extends ButtonClick {
  readonly view: DeploymentView;
  readonly stateVersion: number;
}

async function handleSignalClick(
  bot: BotContext,
  { view, stateVersion, user }: DeploymentClick,
  name: Parameters<typeof sendSignal>[1]['name'],
): Promise<Result<DeploymentView>> {
  const { engine, people } = bot;
  const actor = asksApprovers(name) ? await people.decider(user, approversOf(engine, view)) : people.actor(user);
  return sendSignal(engine, { name, ref: { id: view.id, stateVersion }, actor });
}

/** Not bound to the state of the card: a step that went on meanwhile does not change what the author saw. */
function handleGoodLook({ engine, people }: BotContext, { view, user }: DeploymentClick): Card {
  const result = engine.quickLook({ id: view.id }, people.actor(user), { says: 'good' });
  return result.ok
    ? noticeCard('👍 Noted. It approves nothing; you can still stop the canary.')
    : refusalCard(result.refusal);
}

/** The engine's rollback is about a target; this button is about the deployment that its card shows. */
function handleRollbackClick(
  { engine, people }: BotContext,
  { view, stateVersion, user }: DeploymentClick,
): Result<DeploymentView> {
  const actor = people.actor(user);
  const { service, target } = view;
  const legal = view.actions.some(({ name }) => name === 'rollback');
  if (legal && view.stateVersion === stateVersion)
    return engine.rollback({ service, target, from: view.version, actor });
  engine.recordRejection(actor, stale, { service, target });
  return { ok: false, refusal: stale };
}

async function handleReasonClick(
  bot: BotContext,
  { view, stateVersion, user, triggerId }: DeploymentClick,
  name: 'reject' | 'continue' | 'stop',
): Promise<Card | undefined> {
  const { people } = bot;
  return openReasonModal(bot, { name, actor: people.actor(user), triggerId, view, stateVersion });
}

type SideAction = Extract<
  ActionName,
  'restore-failed' | 'keep-failed' | 'stop-standby' | 'upgrade-standby' | 'unsuspend'
>;
type SideRequest = Parameters<Engine['restoreFailed']>[0];

type SideVerb = (engine: Engine, request: SideRequest) => Result<unknown>;

const sideVerbs: Readonly<Record<SideAction, SideVerb>> = {
  'restore-failed': (engine, request) => engine.restoreFailed(request),
  'keep-failed': (engine, request) => engine.keepFailed(request),
  'stop-standby': (engine, request) => engine.settleStandby({ ...request, to: 'stop' }),
  'upgrade-standby': (engine, request) => engine.settleStandby({ ...request, to: 'upgrade' }),
  unsuspend: (engine, request) => engine.unsuspend(request),
};

function handleSideClick(
  bot: BotContext,
  input: ButtonClick,
  { name, verb }: { readonly name: string; readonly verb: SideVerb },
): Card | undefined {
  const { engine, people } = bot;
  const side = readSideRef(input.value);
  const view = side && engine.deployment(side.deploymentId);
  if (side === undefined || view === undefined) return refused(bot, input, unknownButton);
  const { service, target } = side;
  const actor = people.actor(input.user);
  const legal =
    view.service === service && view.target === target && view.actions.some((action) => action.name === name);
  if (!legal) {
    putCard(engine.outbox, view, { urgent: true });
    return refused(bot, input, stale);
  }
  const result = verb(engine, { service, target, actor });
  return result.ok ? undefined : refusalCard(result.refusal);
}

function refused({ engine, people }: BotContext, { user }: ButtonClick, refusal: Refusal): Card {
  const actor: Actor = people.actor(user);
  engine.recordRejection(actor, refusal);
  return refusalCard(refusal);
}

const stale: Refusal = {
  code: 'stale-card',
  sentence: 'This card was out of date and has been refreshed.',
  hint: 'The bot updates the card; look at it, then click.',
};

const unknownButton: Refusal = {
  code: 'no-such-deployment',
  sentence: 'This button belongs to no deployment that is known here.',
  hint: 'See the status for what is possible now.',
};

const unknown: Result<DeploymentView> = { ok: false, refusal: unknownButton };
