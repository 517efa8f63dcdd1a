// Bolt's listeners: acknowledge, hand over to a plain function, show what it returned. Nothing is decided here.

import { randomBytes } from 'node:crypto';
import { hasCode, type SlotName } from '@bg/engine';
import type { App, BlockAction, SlackViewAction, ViewOutput } from '@slack/bolt';
import { handleClick } from './buttons/handle-click.ts';
import type { Card } from './cards/blocks.ts';
import { type HomePages, homePage, readHomePages } from './cards/pages.ts';
import { faultCard, noticeCard } from './cards/refusal-card.ts';
import { runCommand } from './commands/run.ts';
import { commandTable } from './commands/table.ts';
import { cancelModalId } from './modals/cancel-modal.ts';
import { continueModalId } from './modals/continue-modal.ts';
import { deployModalId, targetActionId } from './modals/deploy-modal.ts';
import { firstModalId } from './modals/first-modal.ts';
import { lockModalId } from './modals/lock-modal.ts';
import { noticeModal } from './modals/notice-modal.ts';
import { rejectModalId } from './modals/reject-modal.ts';
import { stopModalId } from './modals/stop-modal.ts';
import {
  chooseTarget,
  type FormErrors,
  type Submission,
  submitCancel,
  submitContinue,
  submitDeploy,
  submitFirst,
  submitLock,
  submitReject,
  submitStop,
} from './modals/submissions.ts';
import { channelEnded, channelEnds, channelReturned, channelReturns } from './outbox/channel-events.ts';
import type { BotContext } from './slack/bot-context.ts';
import { createFairQueue, type FairQueue } from './slack/fair-queue.ts';
import { acknowledge, formErrors, stateLocked } from './slack/guards.ts';
import { publishHome } from './slack/home.ts';
import { problemSentence } from './slack/problems.ts';
import { reply } from './slack/reply.ts';

export function registerHandlers(app: App, bot: BotContext): void {
  const queue = createFairQueue();
  registerCommands(app, bot, queue);
  registerButtons(app, bot, queue);
  registerForms(app, bot);
  app.event('app_home_opened', async ({ event }) => {
    if (event.tab === 'home') await publishHome(bot, event.user);
  });
  for (const name of channelEnds) app.event(name, async ({ event }) => channelEnded(bot.engine, event.channel));
  for (const name of channelReturns) app.event(name, async () => channelReturned(bot.engine, bot.returns));
}

function registerCommands(app: App, bot: BotContext, queue: FairQueue): void {
  for (const { key } of commandTable) {
    // Slack keeps /status for itself; other places that speak its language do not.
    const names = new Set([bot.words[key], ...(key === 'status' ? ['/status'] : [])]);
    for (const name of names)
      app.command(name, async ({ command, ack, context, respond }) => {
        await acknowledge({ ack, context });
        const { text, user_id: user, trigger_id: triggerId, channel_id: channel } = command;
        const liveSides = key === 'switch' ? liveSidesOf(bot) : undefined;
        const asked = { key, command: command.command, text, user, triggerId, liveSides };
        const card = await orFault(bot, () => queue(() => runCommand(bot, asked)));
        if (card !== undefined) await reply(bot, { card, respond, channel, user });
      });
  }
}

/** Read when the command arrives: other commands may run before its turn. */
function liveSidesOf({ engine }: BotContext): ReadonlyMap<string, SlotName> {
  return new Map(
    engine.status().targets.flatMap(({ name, routing: { active } }) => (active === undefined ? [] : [[name, active]])),
  );
}

function registerButtons(app: App, bot: BotContext, queue: FairQueue): void {
  app.action<BlockAction>(/^deploy\./, async ({ action, body, ack, context, respond }) => {
    await acknowledge({ ack, context });
    const { id: user } = body.user;
    const click = {
      actionId: action.action_id,
      value: 'value' in action ? String(action.value) : '',
      user,
      triggerId: body.trigger_id,
    };
    const card = await orFault(bot, () => queue(() => handleClick(bot, click)));
    if (body.view !== undefined) {
      const turned = click.actionId.startsWith(`deploy.${homePage}:`);
      const pages = readHomePages(turned ? click.value : body.view.private_metadata);
      return answerAtHome(bot, { card, user, triggerId: body.trigger_id, pages });
    }
    if (card !== undefined) await reply(bot, { card, respond, channel: body.channel?.id, user });
  });
  app.action<BlockAction>(targetActionId, async ({ action, body, ack, context }) => {
    await acknowledge({ ack, context });
    const value = 'selected_option' in action ? action.selected_option?.value : undefined;
    if (value !== undefined && body.view !== undefined)
      await chooseTarget(bot, { viewId: body.view.id, hash: body.view.hash, value });
  });
}

function registerForms(app: App, bot: BotContext): void {
  const forms = {
    [deployModalId]: submitDeploy,
    [rejectModalId]: submitReject,
    [continueModalId]: submitContinue,
    [stopModalId]: submitStop,
    [firstModalId]: submitFirst,
    [cancelModalId]: submitCancel,
    [lockModalId]: submitLock,
  };
  for (const [id, submit] of Object.entries(forms))
    app.view(id, async ({ body, view, ack }) => {
      const errors = await submit(bot, submissionOf(body, view)).catch((thrown: unknown) => lockedForm(body, thrown));
      await (errors === undefined ? ack() : ack({ response_action: 'errors', errors }));
    });
}

/** Its answer is the acknowledgement, for which Slack does not wait. */
function lockedForm(body: SlackViewAction, thrown: unknown): FormErrors {
  const errors = hasCode(thrown, 'state-locked') ? formErrors(body, `⛔ ${stateLocked}`)?.errors : undefined;
  if (errors === undefined) throw thrown;
  return errors;
}

function submissionOf(body: SlackViewAction, view: ViewOutput): Submission {
  return { user: body.user.id, metadata: view.private_metadata, values: view.state.values };
}

const lockedMs = 60_000;

/** A person waits for an answer in every case; the reference leads to the fault in the log. */
async function orFault(bot: BotContext, work: () => Promise<Card | undefined>): Promise<Card | undefined> {
  try {
    // Time has passed since the request came; a verb that finds the state locked refuses, and nothing runs later.
    await bot.engine.whenWritable(lockedMs);
    return await work();
  } catch (thrown) {
    if (hasCode(thrown, 'state-locked')) return noticeCard(`⛔ ${stateLocked}`);
    const reference = randomBytes(4).toString('hex');
    bot.log.error({ reference, err: thrown }, 'a handler failed');
    return faultCard(reference);
  }
}

interface HomeAnswer {
  readonly card: Card | undefined;
  readonly user: string;
  readonly triggerId: string;
  readonly pages: HomePages;
}

async function answerAtHome(bot: BotContext, { card, user, triggerId, pages }: HomeAnswer): Promise<void> {
  const opened = card && (await bot.slack.openView(triggerId, noticeModal(card)));
  if (opened === undefined || opened.ok) return publishHome(bot, user, { pages });
  bot.log.warn({ problem: problemSentence(opened.problem) }, 'the dialog did not open; the Home tab shows the answer');
  await publishHome(bot, user, { notice: card?.text, pages });
}
