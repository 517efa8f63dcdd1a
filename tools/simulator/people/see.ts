// What a person sees: messages, modals, the Home tab.
import type { Context } from '../context.ts';
import type { Json } from '../json.ts';
import { fileSummary, messagesFor, repliesTo } from '../messages.ts';
import type { Message, Workspace } from '../store.ts';
import { modalsOf, toSlackView } from '../views.ts';
import { channelOf, personOf } from './payloads.ts';

export interface SeenMessage {
  readonly ts: string;
  readonly channel: string;
  readonly user: string;
  readonly text: string;
  readonly blocks: readonly Json[];
  readonly threadTs?: string;
  /** Only visible to one person. */
  readonly isEphemeral: boolean;
  readonly isEdited: boolean;
  readonly replyCount: number;
  readonly replyUsers: readonly string[];
  readonly latestReply?: string;
  readonly reactions: Message['reactions'];
  readonly files: readonly Json[];
  readonly metadata?: Json;
}

export interface SeeInput {
  readonly user: string;
  readonly channel: string;
  /** A thread's first message, for that message and its replies. */
  readonly thread?: string | undefined;
}

/** The messages as this person sees them, oldest first. A private channel without them is empty. */
export function seeMessages({ workspace }: Context, input: SeeInput): readonly SeenMessage[] {
  const user = personOf(workspace, input.user);
  const channel = channelOf(workspace, input.channel);
  if (channel.kind !== 'public' && !channel.members.includes(user.id)) return [];
  const seen = messagesFor(workspace, { channel: channel.id, user: user.id, thread: input.thread });
  return seen.map((message) => toSeen(workspace, message));
}

/** Everything in the workspace, including the ephemeral messages of all people and all threads. */
export function seeEverything({ workspace }: Context): readonly SeenMessage[] {
  return [...workspace.messages.values()].flat().map((message) => toSeen(workspace, message));
}

/** The stack of open modals, the visible one last. */
export function seeModals({ workspace }: Context, user: string): readonly Json[] {
  return modalsOf(workspace, personOf(workspace, user).id).map((view) => toSlackView(workspace, view));
}

export function seeHome({ workspace }: Context, user: string): Json | undefined {
  const view = workspace.homes.get(personOf(workspace, user).id);
  return view && toSlackView(workspace, view);
}

function toSeen(workspace: Workspace, message: Message): SeenMessage {
  const replies = repliesTo(workspace, message);
  const latest = replies.at(-1)?.ts;
  return {
    ts: message.ts,
    channel: message.channel,
    user: message.user,
    text: message.text,
    blocks: message.blocks ?? [],
    ...(message.threadTs !== undefined && { threadTs: message.threadTs }),
    isEphemeral: message.onlyFor !== undefined,
    isEdited: message.editedTs !== undefined,
    replyCount: replies.length,
    replyUsers: [...new Set(replies.map((reply) => reply.user))],
    ...(latest !== undefined && { latestReply: latest }),
    reactions: message.reactions,
    files: (message.files ?? []).map((id) => fileSummary(workspace, id)),
    ...(message.metadata !== undefined && { metadata: message.metadata }),
  };
}
