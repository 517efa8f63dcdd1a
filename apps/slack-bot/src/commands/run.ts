// An understood command → the engine's verb → what the person sees. One small function per kind of command.

import {
  type Actor,
  type ContractView,
  type DeploymentView,
  dispatch,
  type Handlers,
  type Refusal,
  type Requested,
  type Result,
  type SlotName,
  type TargetView,
} from '@bg/engine';
import { lockOfAnother } from '../buttons/lock.ts';
import { cancelled } from '../buttons/waiting.ts';
import { type Card, card, section } from '../cards/blocks.ts';
import { helpCard } from '../cards/help-card.ts';
import { historyCard, historyLength } from '../cards/history-card.ts';
import { activeVersion } from '../cards/live-end.ts';
import { planCard } from '../cards/plan-card.ts';
import { noticeCard, refusalCard } from '../cards/refusal-card.ts';
import { headline, subject } from '../cards/stage.ts';
import { channelText, strandedSentence } from '../cards/stranded-card.ts';
import { dateTime, outside } from '../cards/text.ts';
import { queueCard, waitingCard } from '../cards/waiting-card.ts';
import { openDeployModal } from '../modals/open.ts';
import { strandedIn } from '../outbox/stranded.ts';
import type { BotContext } from '../slack/bot-context.ts';
import type { Intent } from './intent.ts';
import { parseCommand } from './parse.ts';
import { approversOf, asksApprovers, sendSignal } from './signals.ts';
import { status } from './status.ts';
import type { CommandKey } from './table.ts';

export interface CommandInput {
  readonly key: CommandKey;
  readonly command: string;
  readonly text: string;
  readonly user: string;
  readonly triggerId: string;
  /** Which slot served each target, by its name, when the command arrived; a plain switch is bound to it. */
  readonly liveSides?: ReadonlyMap<string, SlotName> | undefined;
}

/** What only the person who typed it sees; undefined when a form was opened instead. */
export async function runCommand(bot: BotContext, input: CommandInput): Promise<Card | undefined> {
  const actor = bot.people.actor(input.user);
  const parsed = parseCommand({ ...input, known: bot.engine.settings.targets });
  if (!parsed.ok) {
    bot.engine.recordRejection(actor, parsed.refusal);
    return refusalCard(parsed.refusal);
  }
  return dispatch<Intent, Asked, Shown>(runs, parsed.value, { bot, actor, input });
}

interface Asked {
  readonly bot: BotContext;
  readonly actor: Actor;
  readonly input: CommandInput;
}

type Shown = Card | undefined | Promise<Card | undefined>;
type Of<K extends Intent['kind']> = Extract<Intent, { readonly kind: K }>;

const runs: Handlers<Intent, Asked, Shown> = {
  deploy,
  'deploy-modal': ({ ref }, { bot, actor, input }) => openDeployModal(bot, { actor, triggerId: input.triggerId, ref }),
  plan: async ({ ref, version, hold, redeploy, overrideFreeze = false, reason }, { bot, actor }) => {
    const plan = await bot.engine.plan({ ...ref, version, hold, redeploy, reason, actor, overrideFreeze });
    return plan.ok ? planCard(plan.value) : refusalCard(plan.refusal);
  },
  status: ({ ref }, { bot }) => status(bot, ref),
  history: ({ ref }, { bot }) => history(bot, ref),
  queue: ({ ref }, { bot }) => queue(bot, ref),
  cancel: ({ id, reason }, { bot, actor }) => cancelled(bot.engine.cancelWaiting(id, actor, reason)),
  lock: ({ ref, reason, forMs }, { bot, actor }) => {
    const locked = bot.engine.lock({ ...ref, actor, reason, ...(forMs === undefined ? {} : { forMs }) });
    return locked.ok ? noticeCard(lockSentence(locked.value)) : refusalCard(locked.refusal);
  },
  unlock: ({ ref }, { bot, actor }) => {
    const unlocked = bot.engine.unlock({ ...ref, actor });
    return unlocked.ok
      ? noticeCard(`🔓 *${outside(unlocked.value.name, 80)}* is unlocked.`)
      : (lockOfAnother(bot, { ...ref, actor }, unlocked.refusal) ?? refusalCard(unlocked.refusal));
  },
  suspend: ({ ref, reason }, { bot, actor }) => {
    const suspended = bot.engine.suspend({ ...ref, actor, reason });
    return suspended.ok
      ? noticeCard(`⏸️ The automation of *${outside(suspended.value.name, 80)}* is suspended; people deploy as before.`)
      : refusalCard(suspended.refusal);
  },
  unsuspend: ({ ref }, { bot, actor }) => {
    const resumed = bot.engine.unsuspend({ ...ref, actor });
    return resumed.ok
      ? noticeCard(`▶️ The automation of *${outside(resumed.value.name, 80)}* is resumed.`)
      : refusalCard(resumed.refusal);
  },
  contract: async ({ ref, reason }, { bot, actor }) => {
    const asked = await bot.engine.migrations.contract({ ...ref, actor, reason });
    return asked.ok ? noticeCard(contractSentence(asked.value)) : refusalCard(asked.refusal);
  },
  signal,
  switch: switchTo,
  rollback: ({ ref, version, reason }, { bot, actor }) =>
    answered(bot, bot.engine.rollback({ ...ref, version, actor, reason })),
  help: (_, { bot }) => helpCard(bot.words),
};

async function deploy(
  { ref, overrideFreeze = false, kind: _kind, ...desired }: Of<'deploy'>,
  { bot, actor, input }: Asked,
): Promise<Card> {
  const { engine, people } = bot;
  const found = overrideFreeze ? engine.target(ref) : undefined;
  const decider = found?.ok ? await people.decider(input.user, approversOf(engine, found.value)) : actor;
  return requested(bot, engine.request({ ...ref, ...desired, overrideFreeze, actor: decider }));
}

function queue({ engine }: BotContext, ref: Of<'queue'>['ref']): Card {
  const found = engine.waiting(ref);
  return found.ok ? queueCard(found.value.now) : refusalCard(found.refusal);
}

function switchTo({ ref, to, reason }: Of<'switch'>, { bot, actor, input }: Asked): Card {
  const found = bot.engine.target(ref);
  const from = found.ok && to === undefined ? input.liveSides?.get(found.value.name) : undefined;
  const result = bot.engine.switch({ ...ref, to, from, actor, reason });
  if (to !== undefined && !result.ok && result.refusal.code === 'already-active')
    return noticeCard(`✅ ${outside(result.refusal.sentence, 300)}.`);
  return answered(bot, result);
}

function requested(bot: BotContext, result: Result<Requested>): Card {
  if (!result.ok) return refusalCard(result.refusal);
  return result.value.kind === 'begun'
    ? answered(bot, { ok: true, value: result.value.deployment })
    : waitingCard(result.value.waiting);
}

function answered({ engine }: BotContext, result: Result<DeploymentView>): Card {
  if (!result.ok) return refusalCard(result.refusal);
  const { channel } = result.value;
  const error = strandedIn(engine).get(channel);
  const where =
    error === undefined ? `Its card goes to ${channelText(channel)}.` : strandedSentence({ channel, error });
  const text = `${outside(`${subject(result.value)}: ${headline(result.value)}`, 250)}. ${where}`;
  return card(text, [section(`✅ ${text}`)]);
}

function contractSentence({ name, migrations, consequence }: ContractView): string {
  return `🗄️ The contract of ${outside(migrations.join(', '), 300)} on *${outside(name, 80)}* waits for its approval: ${outside(consequence, 300)}.`;
}

function lockSentence({ name, lock }: TargetView): string {
  const until = lock === undefined ? '' : ` until ${dateTime(lock.until)}: “${outside(lock.reason, 300)}”`;
  return `🔐 *${outside(name, 80)}* is locked${until}. A rollback is never locked out.`;
}

function history({ engine, formatter }: BotContext, ref: Of<'history'>['ref']): Card {
  const target = engine.target(ref);
  const past = engine.history(ref, historyLength);
  if (!target.ok) return refusalCard(target.refusal);
  if (!past.ok) return refusalCard(past.refusal);
  const { name } = target.value;
  return historyCard({ name, deployments: past.value, active: activeVersion(target.value) }, formatter);
}

async function signal(intent: Of<'signal'>, { bot, actor, input }: Asked): Promise<Card> {
  const { engine, people } = bot;
  const target = engine.target(intent.ref);
  if (!target.ok) return refusedHere(bot, actor, target.refusal);
  const about = target.value.live;
  if (about === undefined) return refusedHere(bot, actor, nothingUnderWay(target.value));
  const decider = asksApprovers(intent.name) ? await people.decider(input.user, approversOf(engine, about)) : actor;
  return answered(
    bot,
    sendSignal(engine, { name: intent.name, ref: { id: about.id }, actor: decider, reason: intent.reason }),
  );
}

/** Refused before any verb of the engine was asked, so it is written here. */
function refusedHere({ engine }: BotContext, actor: Actor, refusal: Refusal): Card {
  engine.recordRejection(actor, refusal);
  return refusalCard(refusal);
}

function nothingUnderWay({ name }: TargetView): Refusal {
  return {
    code: 'no-such-deployment',
    sentence: `No deployment of ${name} is under way.`,
    hint: 'See the status for what is possible now.',
  };
}
