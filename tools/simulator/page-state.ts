// What the page needs to draw one account's screen, except messages.
import type { Context } from './context.ts';
import type { Json } from './json.ts';
import { messagesFor } from './messages.ts';
import { BOT_USER_ID } from './options.ts';
import { personOf } from './people/payloads.ts';
import { seeHome, seeModals } from './people/see.ts';

export function pageState(context: Context, userId: string): Json {
  const { workspace } = context;
  const people = [...workspace.users.values()];
  const user = userId === '' ? people.find((each) => !each.isBot) : personOf(workspace, userId);
  if (user === undefined) return { users: people };
  const features = workspace.manifest.features;
  const channels = [...workspace.channels.values()].filter(
    (channel) => channel.kind === 'public' || channel.members.includes(user.id),
  );
  return {
    team: workspace.team,
    app: { ...workspace.app, name: workspace.manifest.display_information.name, home: features?.app_home ?? {} },
    user: user.id,
    users: people.map((each) => ({
      id: each.id,
      name: each.name,
      realName: each.realName,
      title: each.title,
      isBot: each.isBot,
    })),
    groups: [...workspace.groups.values()],
    channels: channels.map((channel) => ({
      id: channel.id,
      name: channel.name,
      kind: channel.kind,
      topic: channel.topic,
      isMember: channel.members.includes(user.id),
      hasBot: channel.members.includes(BOT_USER_ID),
      memberCount: channel.members.length,
      lastTs: messagesFor(workspace, { channel: channel.id, user: user.id }).at(-1)?.ts ?? '0',
    })),
    commands: features?.slash_commands ?? [],
    modals: seeModals(context, user.id),
    home: seeHome(context, user.id) ?? null,
    sockets: context.sockets.connected(),
  };
}
