// What a person does besides commands and buttons: opening the app's Home, writing a message, leaving a group.
import type { Context } from '../context.ts';
import { SimulatorError } from '../errors.ts';
import { slackId } from '../ids.ts';
import type { Delivery } from '../journal.ts';
import type { Json } from '../json.ts';
import { addMessage } from '../messages.ts';
import { announce, botTalkId, type Channel, type Message } from '../store.ts';
import { toSlackView } from '../views.ts';
import { escapeCommandText } from './command.ts';
import {
  channelOf,
  type DeliveryResult,
  eventEnvelope,
  notSent,
  personOf,
  resultOf,
  VERIFICATION_TOKEN,
} from './payloads.ts';

/** The person opens the app's Home tab; the app hears of it when it subscribed. */
export async function openHome(context: Context, userName: string): Promise<DeliveryResult> {
  const { workspace } = context;
  const user = personOf(workspace, userName);
  if (workspace.manifest.features?.app_home?.home_tab_enabled !== true) return notSent('home_tab_disabled');
  const home = workspace.homes.get(user.id);
  const event = {
    type: 'app_home_opened',
    user: user.id,
    channel: botTalkId(user.id),
    tab: 'home',
    event_ts: workspace.nextTs(),
    ...(home !== undefined && { view: toSlackView(workspace, home) }),
  };
  const delivery = await sendEvent(context, 'app_home_opened', event);
  return delivery === undefined ? notSent('not_subscribed') : resultOf(delivery);
}

export interface SayInput {
  readonly user: string;
  readonly channel: string;
  readonly text: string;
  readonly threadTs?: string | undefined;
}

/** The person writes a message, as typed: `@name` and `#channel` become Slack's notation, the rest is escaped. */
export async function say(context: Context, input: SayInput): Promise<Message> {
  const { workspace } = context;
  const user = personOf(workspace, input.user);
  const channel = channelOf(workspace, input.channel);
  if (!channel.members.includes(user.id))
    throw new SimulatorError('not-found', `${user.name} is not in #${channel.name}`);
  if (channel.kind === 'im' && !acceptsDirectMessages(context)) {
    throw new SimulatorError('bad-request', 'Sending messages to this app has been turned off.');
  }
  const message = addMessage(workspace, {
    channel: channel.id,
    user: user.id,
    text: escapeCommandText(workspace, input.text),
    threadTs: input.threadTs,
  });
  const event = {
    user: user.id,
    text: message.text,
    ts: message.ts,
    channel: channel.id,
    event_ts: message.ts,
    ...(message.threadTs !== undefined && { thread_ts: message.threadTs }),
  };
  const hearsChannel = channel.members.includes(workspace.app.botUserId);
  if (hearsChannel)
    await sendEvent(context, messageEventName(channel), {
      type: 'message',
      ...event,
      channel_type: channelType(channel),
    });
  if (message.text.includes(`<@${workspace.app.botUserId}`))
    await sendEvent(context, 'app_mention', { type: 'app_mention', ...event });
  return message;
}

export async function removeFromGroup(
  context: Context,
  input: { readonly user: string; readonly group: string },
): Promise<void> {
  await changeGroup(context, input, (users, user) => users.filter((each) => each !== user));
}

export async function addToGroup(
  context: Context,
  input: { readonly user: string; readonly group: string },
): Promise<void> {
  await changeGroup(context, input, (users, user) => [...new Set([...users, user])]);
}

/** Slack's check when a request URL is entered: the app must send the challenge back. */
export function verifyUrl(context: Context): Promise<Delivery> {
  const challenge = slackId('CH', 20);
  const payload = { type: 'url_verification', challenge, token: VERIFICATION_TOKEN };
  return context.deliverer.send({ kind: 'url_verification', summary: 'url_verification', user: '', payload });
}

async function changeGroup(
  context: Context,
  input: { readonly user: string; readonly group: string },
  change: (users: readonly string[], user: string) => readonly string[],
): Promise<void> {
  const { workspace } = context;
  const user = personOf(workspace, input.user);
  const handle = input.group.replace(/^@/, '');
  const group =
    workspace.groups.get(input.group) ?? [...workspace.groups.values()].find((each) => each.handle === handle);
  if (group === undefined) throw new SimulatorError('not-found', `there is no user group "${input.group}"`);
  workspace.groups.set(group.id, { ...group, users: change(group.users, user.id) });
  announce(workspace, 'groups');
  await sendEvent(context, 'subteam_members_changed', {
    type: 'subteam_members_changed',
    subteam_id: group.id,
    team_id: workspace.team.id,
  });
}

function acceptsDirectMessages({ workspace }: Context): boolean {
  const home = workspace.manifest.features?.app_home;
  return home?.messages_tab_enabled === true && home.messages_tab_read_only_enabled !== true;
}

function messageEventName(channel: Channel): string {
  if (channel.kind === 'im') return 'message.im';
  return channel.kind === 'private' ? 'message.groups' : 'message.channels';
}

function channelType(channel: Channel): string {
  if (channel.kind === 'im') return 'im';
  return channel.kind === 'private' ? 'group' : 'channel';
}

/** Undefined where the app has not subscribed to it. */
export async function sendEvent(context: Context, name: string, event: Json): Promise<Delivery | undefined> {
  const subscribed = context.workspace.manifest.settings?.event_subscriptions?.bot_events ?? [];
  if (!subscribed.includes(name)) return undefined;
  const payload = eventEnvelope(context, event, slackId('Ev'));
  return await context.deliverer.sendEvent({ kind: 'event', summary: name, user: String(event.user ?? ''), payload });
}
