// What people do to channels and messages: archive, rename, remove the app, delete what it said.
import type { Context } from '../context.ts';
import { SimulatorError } from '../errors.ts';
import { findMessage, removeMessage } from '../messages.ts';
import { announce } from '../store.ts';
import { channelOf } from './payloads.ts';

export interface ChannelChange {
  readonly channel: string;
  readonly name?: string;
  readonly isArchived?: boolean;
  /** False removes the app from the channel, true invites it. */
  readonly hasBot?: boolean;
}

export function changeChannel({ workspace }: Context, { channel, name, isArchived, hasBot }: ChannelChange): void {
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
