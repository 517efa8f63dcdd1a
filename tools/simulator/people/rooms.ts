// What people do to channels and messages: archive, rename, remove the app, delete what it said.
import type { Context } from '../context.ts';
import { SimulatorError } from '../errors.ts';
import type { Json } from '../json.ts';
import { findMessage, removeMessage } from '../messages.ts';
import { announce, type Channel } from '../store.ts';
import { channelOf } from './payloads.ts';
import { sendEvent } from './presence.ts';

export interface ChannelChange {
  readonly channel: string;
  readonly name?: string;
  readonly isArchived?: boolean;
  /** False removes the app from the channel, true invites it. */
  readonly hasBot?: boolean;
}

export function changeChannel(context: Context, change: ChannelChange): void {
  const { workspace } = context;
  const { channel, name, isArchived, hasBot } = change;
  const before = channelOf(workspace, channel);
  const bot = workspace.app.botUserId;
  const others = before.members.filter((member) => member !== bot);
  const isIn = hasBot ?? before.members.includes(bot);
  workspace.channels.set(before.id, {
    ...before,
    name: name ?? before.name,
    isArchived: isArchived ?? before.isArchived,
    members: isIn ? [...others, bot] : others,
  });
  announce(workspace, 'messages');
  const person = [...workspace.users.values()].find((user) => !user.isBot)?.id ?? bot;
  for (const type of eventsOf(before, bot, change))
    void sendEvent(context, type, {
      type,
      channel: before.id,
      ...actorsOf(type, bot, person),
      event_ts: workspace.nextTs(),
    });
}

/** Who did it is a person: frameworks pass over an event whose `user` is the app itself, except when it joins. */
function actorsOf(type: string, bot: string, person: string): Json {
  if (type.endsWith('_left')) return { actor_id: person };
  return type === 'member_joined_channel' ? { user: bot, inviter: person } : { user: person };
}

/** What Slack calls them; those of a private channel have other names. */
function eventsOf(before: Channel, bot: string, { isArchived, hasBot }: ChannelChange): readonly string[] {
  const kind = before.kind === 'private' ? 'group' : 'channel';
  const wasIn = before.members.includes(bot);
  return [
    ...(isArchived === undefined || isArchived === before.isArchived
      ? []
      : [`${kind}_${isArchived ? 'archive' : 'unarchive'}`]),
    ...(hasBot === undefined || hasBot === wasIn ? [] : [hasBot ? 'member_joined_channel' : `${kind}_left`]),
  ];
}

/** A workspace admin may delete what the app said; the app is not asked. */
export function deleteMessage(
  { workspace }: Context,
  { channel, ts }: { readonly channel: string; readonly ts: string },
): void {
  const message = findMessage(workspace, channelOf(workspace, channel).id, ts);
  if (message === undefined) throw new SimulatorError('not-found', `there is no message ${ts} in ${channel}`);
  removeMessage(workspace, message);
}
