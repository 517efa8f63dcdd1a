// Bolt's listeners: acknowledge, hand over to a plain function, show what it returned. Nothing is decided here.

import { randomBytes } from 'node:crypto';
import { hasCode, type SlotName } from '@bg/engine';
import type { App, BlockAction, SlackViewAction, ViewOutput } from '@slack/bolt';
import { pressButton } from './buttons/handle-click.ts';
import type { Card } from './cards/blocks.ts';
import { faultCard, noticeCard } from './cards/refusal-card.ts';
import { runCommand } from './commands/run.ts';
import { commandTable } from './commands/table.ts';
import { deployModalId, targetActionId } from './modals/deploy-modal.ts';
import { noticeModal } from './modals/notice-modal.ts';
import { rejectModalId } from './modals/reject-modal.ts';
import { chooseTarget, type FormErrors, type Submission, submitDeploy, submitReject } from './modals/submissions.ts';
import { channelEnded, channelEnds, channelReturned, channelReturns } from './outbox/channel-events.ts';
import type { Desk } from './slack/bot-context.ts';
import { createTurns, type Turns } from './slack/fair-queue.ts';
import { formErrors } from './slack/form-errors.ts';
import { acknowledge, stateLocked } from './slack/guards.ts';
import { publishHome } from './slack/home.ts';
import { problemSentence } from './slack/problems.ts';
import { reply } from './slack/reply.ts';

export function registerHandlers(app: App, desk: Desk): void {
  const turns = createTurns();
  registerCommands(app, desk, turns);
  registerButtons(app, desk, turns);
  registerForms(app, desk);
  app.event('app_home_opened', async ({ event }) => {
    if (event.tab === 'home') await publishHome(desk, event.user);
  });
  for (const name of channelEnds) app.event(name, async ({ event }) => channelEnded(desk.engine, event.channel));
  for (const name of channelReturns) app.event(name, async () => channelReturned(desk.engine, desk.returns));
}

function registerCommands(app: App, desk: Desk, turns: Turns): void {
  for (const { key } of commandTable) {
    // Slack keeps /status for itself; other places that speak its language do not.
    const names = new Set([desk.words[key], ...(key === 'status' ? ['/status'] : [])]);
    for (const name of names)
      app.command(name, async ({ command, ack, context, respond }) => {
        await acknowledge({ ack, context });
        const { text, user_id: user, trigger_id: triggerId, channel_id: channel } = command;
        const liveSides = key === 'switch' ? liveSidesOf(desk) : undefined;
        const asked = { key, command: command.command, text, user, triggerId, liveSides };
        const card = await orFault(desk, () => turns(() => runCommand(desk, asked)));
        if (card !== undefined) await reply(desk, { card, respond, channel, user });
      });
  }
}

/** Looked at when the command arrives: others may be decided before its turn. */
function liveSidesOf({ engine }: Desk): ReadonlyMap<string, SlotName> {
  return new Map(
    engine.status().targets.flatMap(({ name, routing: { active } }) => (active === undefined ? [] : [[name, active]])),
  );
}

function registerButtons(app: App, desk: Desk, turns: Turns): void {
  app.action<BlockAction>(/^deploy\./, async ({ action, body, ack, context, respond }) => {
    await acknowledge({ ack, context });
    const { id: user } = body.user;
    const press = {
      actionId: action.action_id,
      value: 'value' in action ? String(action.value) : '',
      user,
      triggerId: body.trigger_id,
    };
    const card = await orFault(desk, () => turns(() => pressButton(desk, press)));
    if (body.view !== undefined) return answerAtHome(desk, { card, user, triggerId: body.trigger_id });
    if (card !== undefined) await reply(desk, { card, respond, channel: body.channel?.id, user });
  });
  app.action<BlockAction>(targetActionId, async ({ action, body, ack, context }) => {
    await acknowledge({ ack, context });
    const value = 'selected_option' in action ? action.selected_option?.value : undefined;
    if (value !== undefined && body.view !== undefined)
      await chooseTarget(desk, { viewId: body.view.id, hash: body.view.hash, value });
  });
}

function registerForms(app: App, desk: Desk): void {
  const forms = { [deployModalId]: submitDeploy, [rejectModalId]: submitReject };
  for (const [id, submit] of Object.entries(forms))
    app.view(id, async ({ body, view, ack }) => {
      const errors = await submit(desk, submissionOf(body, view)).catch((thrown: unknown) => lockedForm(body, thrown));
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

/** Somebody waits for an answer, whatever happens; what happened is found in the log by its reference. */
async function orFault(desk: Desk, work: () => Promise<Card | undefined>): Promise<Card | undefined> {
  try {
    // People were looked up since the request came; what a verb finds locked is refused, and done by nobody later.
    await desk.engine.whenWritable(lockedMs);
    return await work();
  } catch (thrown) {
    if (hasCode(thrown, 'state-locked')) return noticeCard(`⛔ ${stateLocked}`);
    const reference = randomBytes(4).toString('hex');
    desk.log.error({ reference, err: thrown }, 'a handler failed');
    return faultCard(reference);
  }
}

interface HomeAnswer {
  readonly card: Card | undefined;
  readonly user: string;
  readonly triggerId: string;
}

async function answerAtHome(desk: Desk, { card, user, triggerId }: HomeAnswer): Promise<void> {
  const opened = card && (await desk.slack.openView(triggerId, noticeModal(card)));
  if (opened === undefined || opened.ok) return publishHome(desk, user);
  desk.log.warn({ problem: problemSentence(opened.problem) }, 'the dialog did not open; the Home tab shows the answer');
  await publishHome(desk, user, card?.text);
}
