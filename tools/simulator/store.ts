// The workspace: who is in it, where they talk, and what they see. Everything is in memory and gone with the process.
import { EventEmitter } from 'node:events';
import type { SimulatorClock } from './clock.ts';
import { createTimestamps } from './ids.ts';
import type { Json } from './json.ts';
import type { AppManifest } from './manifest.ts';
import {
  BOT_USER_ID,
  DEFAULT_CHANNELS,
  DEFAULT_UNLISTED_COMMANDS,
  DEFAULT_USER_GROUPS,
  DEFAULT_USERS,
  type SimulatorOptions,
  SLACKBOT_ID,
} from './options.ts';

export interface User {
  readonly id: string;
  readonly name: string;
  readonly realName: string;
  readonly title: string;
  readonly email?: string | undefined;
  readonly teamId: string;
  readonly isBot: boolean;
}

export interface UserGroup {
  readonly id: string;
  readonly handle: string;
  readonly name: string;
  readonly users: readonly string[];
}

export type ChannelKind = 'public' | 'private' | 'im';

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly kind: ChannelKind;
  readonly topic: string;
  readonly members: readonly string[];
  readonly isArchived: boolean;
}

export interface Reaction {
  readonly name: string;
  readonly users: readonly string[];
}

export interface Message {
  readonly ts: string;
  readonly channel: string;
  readonly user: string;
  readonly text: string;
  readonly blocks?: readonly Json[] | undefined;
  readonly attachments?: readonly Json[] | undefined;
  readonly threadTs?: string | undefined;
  readonly metadata?: Json | undefined;
  readonly files?: readonly string[] | undefined;
  readonly reactions: readonly Reaction[];
  /** Set on ephemeral messages: the only person who sees it. */
  readonly onlyFor?: string | undefined;
  readonly editedTs?: string | undefined;
  readonly broadcast?: boolean | undefined;
  /** Earlier blocks, newest first: what a person with a slow screen may still click. */
  readonly earlier: readonly (readonly Json[])[];
}

export interface View {
  readonly id: string;
  readonly user: string;
  readonly content: Json;
  readonly blocks: readonly Json[];
  readonly hash: string;
  readonly rootId: string;
  readonly previousId: string | null;
  readonly externalId: string;
}

export interface UploadedFile {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly length: number;
  readonly mimetype: string;
  readonly secret: string;
  readonly bytes?: Buffer | undefined;
  readonly isComplete: boolean;
}

/** What changed, so that every reader can read again. */
export type Topic = 'messages' | 'modals' | 'home' | 'groups' | 'deliveries' | 'apiCalls' | 'sockets' | 'violations';

export interface Workspace {
  readonly team: { readonly id: string; readonly domain: string; readonly name: string };
  readonly enterpriseId: string | undefined;
  readonly app: { readonly id: string; readonly botId: string; readonly botUserId: string };
  readonly manifest: AppManifest;
  readonly unlistedCommands: ReadonlySet<string>;
  /** Types of blocks that this workspace refuses. */
  readonly unknownBlocks: Set<string>;
  readonly clock: SimulatorClock;
  readonly nextTs: () => string;
  readonly users: Map<string, User>;
  readonly groups: Map<string, UserGroup>;
  readonly channels: Map<string, Channel>;
  readonly messages: Map<string, readonly Message[]>;
  /** Per user: the stack of open modals, the visible one last. */
  readonly modals: Map<string, readonly View[]>;
  readonly homes: Map<string, View>;
  readonly files: Map<string, UploadedFile>;
  /** Emits `changed` with a Topic. */
  readonly events: EventEmitter<{ changed: [Topic] }>;
}

export function createWorkspace(options: SimulatorOptions, clock: SimulatorClock): Workspace {
  const team = { id: 'T0SIMULATOR', domain: 'simulator', name: 'Simulated workspace' };
  const users = seedUsers(options, team.id);
  const events = new EventEmitter<{ changed: [Topic] }>();
  events.setMaxListeners(0);
  return {
    team,
    enterpriseId: options.enterpriseId,
    app: { id: 'A0SIMULATOR', botId: 'B0SIMULATOR', botUserId: BOT_USER_ID },
    manifest: options.manifest,
    unlistedCommands: new Set(options.unlistedCommands ?? DEFAULT_UNLISTED_COMMANDS),
    unknownBlocks: new Set(options.unknownBlocks),
    clock,
    nextTs: createTimestamps(clock),
    users,
    groups: new Map(
      (options.userGroups ?? DEFAULT_USER_GROUPS).map((group) => [
        group.id,
        { id: group.id, handle: group.handle, name: group.name ?? group.handle, users: group.users },
      ]),
    ),
    channels: seedChannels(options, users),
    messages: new Map(),
    modals: new Map(),
    homes: new Map(),
    files: new Map(),
    events,
  };
}

function seedUsers(options: SimulatorOptions, teamId: string): Map<string, User> {
  const people = (options.users ?? DEFAULT_USERS).map(
    (user): User => ({
      id: user.id,
      name: user.name,
      realName: user.realName ?? user.name,
      title: user.title ?? '',
      email: user.email,
      teamId: user.teamId ?? teamId,
      isBot: false,
    }),
  );
  const botName = options.manifest.features?.bot_user?.display_name ?? 'bot';
  const bot: User = {
    id: BOT_USER_ID,
    name: botName,
    realName: options.manifest.display_information.name,
    title: 'App',
    teamId,
    isBot: true,
  };
  const slackbot: User = { id: SLACKBOT_ID, name: 'slackbot', realName: 'Slackbot', title: '', teamId, isBot: true };
  return new Map([...people, bot, slackbot].map((user) => [user.id, user]));
}

function seedChannels(options: SimulatorOptions, users: ReadonlyMap<string, User>): Map<string, Channel> {
  const people = [...users.values()].filter((user) => !user.isBot);
  const everybody = people.map((user) => user.id);
  const rooms = (options.channels ?? DEFAULT_CHANNELS).map((channel): Channel => {
    const members = channel.members ?? everybody;
    const withBot = channel.hasBot === true && !members.includes(BOT_USER_ID);
    return {
      id: channel.id,
      name: channel.name,
      kind: channel.isPrivate === true ? 'private' : 'public',
      topic: channel.topic ?? '',
      members: withBot ? [...members, BOT_USER_ID] : members,
      isArchived: false,
    };
  });
  const talks = people.map((user): Channel => {
    const members = [user.id, BOT_USER_ID];
    return { id: botTalkId(user.id), name: 'directmessage', kind: 'im', topic: '', members, isArchived: false };
  });
  return new Map([...rooms, ...talks].map((channel) => [channel.id, channel]));
}

/** The id of the conversation between the bot and one person. */
export function botTalkId(userId: string): string {
  return userId.replace(/^[UW]/, 'D');
}

export function hasScope(workspace: Workspace, scope: string): boolean {
  return workspace.manifest.oauth_config?.scopes?.bot?.includes(scope) ?? false;
}

export function announce(workspace: Workspace, topic: Topic): void {
  workspace.events.emit('changed', topic);
}
