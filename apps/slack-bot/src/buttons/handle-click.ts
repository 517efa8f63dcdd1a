// A press on a button of a card. What the button says is not trusted: the deployment is looked up, the engine decides.

import type { ActionName, Actor, DeploymentView, Engine, Refusal, Result } from '@bg/engine';
import type { Card } from '../cards/blocks.ts';
import { readRef, readSideRef } from '../cards/button-value.ts';
import { retryDelivery } from '../cards/delivery-card.ts';
import { unlockAction } from '../cards/lock-card.ts';
import { refusalCard } from '../cards/refusal-card.ts';
import { approversOf, asksApprovers, isSignal, sendSignal } from '../commands/signals.ts';
import { openRejectModal } from '../modals/open.ts';
import { putCard } from '../outbox/messages.ts';
import type { Desk } from '../slack/bot-context.ts';
import { isBuildAction, pressBuild } from './build.ts';
import { isConfigurationAction, pressConfiguration } from './configuration.ts';
import { isContractAction, pressContract } from './contract.ts';
import { pressDelivery } from './delivery.ts';
import { isDriftAction, pressDrift } from './drift.ts';
import { pressUnlock } from './lock.ts';

export interface PressInput {
  /** `deploy.approve` and the like. */
  readonly actionId: string;
  readonly value: string;
  readonly user: string;
  readonly triggerId: string;
}

/** What only the person who pressed sees; undefined when the card itself is the answer. */
export async function pressButton(desk: Desk, input: PressInput): Promise<Card | undefined> {
  const name = input.actionId.replace(/^deploy\./, '');
  if (Object.hasOwn(sideVerbs, name)) return pressSide(desk, input, name as SideAction);
  if (name === unlockAction) return pressUnlock(desk, input);
  if (isDriftAction(name)) return pressDrift(desk, input, name);
  if (isConfigurationAction(name)) return pressConfiguration(desk, input, name);
  if (isContractAction(name)) return pressContract(desk, input, name);
  if (isBuildAction(name)) return pressBuild(desk, input);
  if (name === retryDelivery) return pressDelivery(desk, input);
  const ref = readRef(input.value);
  const view = ref && desk.engine.deployment(ref.id);
  if (ref === undefined || view === undefined) return refused(desk, input, unknownButton);
  const press: Press = { ...input, view, stateVersion: ref.stateVersion };
  if (name === 'reject') return pressReject(desk, press);
  const result =
    name === 'rollback' ? pressRollback(desk, press) : isSignal(name) ? await pressSignal(desk, press, name) : unknown;
  if (result.ok) return undefined;
  // A refusal may mean that the card shows what is not so any more.
  putCard(desk.engine.outbox, view, { urgent: true });
  return refusalCard(result.refusal);
}

interface Press extends PressInput {
  readonly view: DeploymentView;
  readonly stateVersion: number;
}

async function pressSignal(
  desk: Desk,
  { view, stateVersion, user }: Press,
  name: Parameters<typeof sendSignal>[1]['name'],
): Promise<Result<DeploymentView>> {
  const { engine, people } = desk;
  const actor = asksApprovers(name) ? await people.decider(user, approversOf(engine, view)) : people.actor(user);
  return sendSignal(engine, { name, ref: { id: view.id, stateVersion }, actor });
}

/** The engine's rollback is about a target; this button is about the deployment that its card shows. */
function pressRollback({ engine, people }: Desk, { view, stateVersion, user }: Press): Result<DeploymentView> {
  const actor = people.actor(user);
  const { service, target } = view;
  const legal = view.actions.some(({ name }) => name === 'rollback');
  if (legal && view.stateVersion === stateVersion)
    return engine.rollback({ service, target, from: view.version, actor });
  engine.refusedAtDoor(actor, stale, { service, target });
  return { ok: false, refusal: stale };
}

async function pressReject(desk: Desk, { view, stateVersion, user, triggerId }: Press): Promise<Card | undefined> {
  const { people } = desk;
  return openRejectModal(desk, { actor: people.actor(user), triggerId, view, stateVersion });
}

type SideAction = Extract<ActionName, 'restore-failed' | 'keep-failed' | 'stop-standby' | 'upgrade-standby'>;
type SideRequest = Parameters<Engine['restoreFailed']>[0];

const sideVerbs: Readonly<Record<SideAction, (engine: Engine, request: SideRequest) => Result<unknown>>> = {
  'restore-failed': (engine, request) => engine.restoreFailed(request),
  'keep-failed': (engine, request) => engine.keepFailed(request),
  'stop-standby': (engine, request) => engine.settleStandby({ ...request, to: 'stop' }),
  'upgrade-standby': (engine, request) => engine.settleStandby({ ...request, to: 'upgrade' }),
};

function pressSide(desk: Desk, input: PressInput, name: SideAction): Card | undefined {
  const { engine, people } = desk;
  const side = readSideRef(input.value);
  const view = side && engine.deployment(side.deploymentId);
  if (side === undefined || view === undefined) return refused(desk, input, unknownButton);
  const { service, target } = side;
  const actor = people.actor(input.user);
  const legal =
    view.service === service && view.target === target && view.actions.some((action) => action.name === name);
  if (!legal) {
    putCard(engine.outbox, view, { urgent: true });
    return refused(desk, input, stale);
  }
  const result = sideVerbs[name](engine, { service, target, actor });
  return result.ok ? undefined : refusalCard(result.refusal);
}

function refused({ engine, people }: Desk, { user }: PressInput, refusal: Refusal): Card {
  const actor: Actor = people.actor(user);
  engine.refusedAtDoor(actor, refusal);
  return refusalCard(refusal);
}

const stale: Refusal = {
  code: 'stale-card',
  sentence: 'This button belongs to a state that is over.',
  hint: 'The card is drawn again; look, then press.',
};

const unknownButton: Refusal = {
  code: 'no-such-deployment',
  sentence: 'This button belongs to no deployment that is known here.',
  hint: 'See the status for what is possible now.',
};

const unknown: Result<DeploymentView> = { ok: false, refusal: unknownButton };
