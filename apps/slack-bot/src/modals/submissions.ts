// Forms that were sent. The one place where the acknowledgement waits for the engine: its refusal belongs into the form.

import type { Actor, DeploymentRef, DeploymentView, Refusal, Result } from '@bg/engine';
import { readRef } from '../cards/button-value.ts';
import { plain } from '../cards/text.ts';
import { approversOf } from '../commands/signals.ts';
import type { BotContext } from '../slack/bot-context.ts';
import { deployModal, readDeployForm, versionBlock } from './deploy-modal.ts';
import { answer, type ViewValues } from './inputs.ts';
import { lockTimeBlock, readLockTime } from './lock-modal.ts';
import { deployForm } from './open.ts';
import { reasonBlock } from './reject-modal.ts';

/** Errors by block; undefined closes the form. */
export type FormErrors = Readonly<Record<string, string>> | undefined;

export interface Submission {
  readonly user: string;
  readonly metadata: string;
  readonly values: ViewValues;
}

export async function submitDeploy(
  { engine, people }: BotContext,
  { user, metadata, values }: Submission,
): Promise<FormErrors> {
  const form = readDeployForm(metadata, values);
  const block = `${versionBlock}:${form?.service ?? metadata.split('/')[0]}`;
  if (form === undefined) return { reason: 'There is no version to deploy.' };
  const result = engine.request({ ...form, actor: people.actor(user) });
  return result.ok ? undefined : { [block]: refusalText(result.refusal) };
}

export const submitReject = (bot: BotContext, form: Submission): Promise<FormErrors> =>
  submitReason(bot, form, (ref, actor, reason) => bot.engine.reject(ref, actor, reason));

export const submitContinue = (bot: BotContext, form: Submission): Promise<FormErrors> =>
  submitReason(bot, form, (ref, actor, reason) => bot.engine.continueFrozen(ref, actor, reason));

export const submitStop = (bot: BotContext, form: Submission): Promise<FormErrors> =>
  submitReason(bot, form, ({ id }, actor, words) => bot.engine.quickLook({ id }, actor, { says: 'stop', words }));

export async function submitFirst(
  { engine, people }: BotContext,
  { user, metadata, values }: Submission,
): Promise<FormErrors> {
  const result = engine.putFirst(metadata.slice(0, 160), people.actor(user), answer(values, reasonBlock) ?? '');
  return result.ok ? undefined : { [reasonBlock]: refusalText(result.refusal) };
}

/** The reason is optional. */
export async function submitCancel(
  { engine, people }: BotContext,
  { user, metadata, values }: Submission,
): Promise<FormErrors> {
  const result = engine.cancelWaiting(metadata.slice(0, 160), people.actor(user), answer(values, reasonBlock));
  return result.ok ? undefined : { [reasonBlock]: refusalText(result.refusal) };
}

export async function submitLock(
  { engine, people }: BotContext,
  { user, metadata, values }: Submission,
): Promise<FormErrors> {
  const [service, target] = metadata.split('/', 2);
  const reason = answer(values, reasonBlock) ?? '';
  const forMs = readLockTime(answer(values, lockTimeBlock));
  const result = engine.lock({ service, target, actor: people.actor(user), reason, forMs });
  return result.ok ? undefined : { [reasonBlock]: refusalText(result.refusal) };
}

async function submitReason(
  { engine, people }: BotContext,
  { user, metadata, values }: Submission,
  decide: (ref: DeploymentRef, actor: Actor, reason: string) => Result<DeploymentView>,
): Promise<FormErrors> {
  const ref = readRef(metadata);
  const view = ref && engine.deployment(ref.id);
  if (ref === undefined || view === undefined)
    return { [reasonBlock]: 'This form belongs to no deployment that is known here.' };
  const actor = await people.decider(user, approversOf(engine, view));
  const result = decide(ref, actor, answer(values, reasonBlock) ?? '');
  return result.ok ? undefined : { [reasonBlock]: refusalText(result.refusal) };
}

const refusalText = ({ sentence, hint }: Refusal): string => plain(`⛔ ${sentence} ${hint} Nothing was changed.`, 500);

export interface TargetChosen {
  readonly viewId: string;
  readonly hash: string | undefined;
  /** `service/target` */
  readonly value: string;
}

/** Another target may have other releases: the form is drawn again for it. */
export async function chooseTarget(bot: BotContext, { viewId, hash, value }: TargetChosen): Promise<void> {
  const [service, target] = value.split('/', 2);
  const form = deployForm(bot, { service, target });
  if (form.ok) await bot.slack.updateView(viewId, hash, deployModal(form.value));
}
