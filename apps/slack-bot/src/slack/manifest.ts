// The Slack app's manifest, made from the command table: what is typed in Slack and what is parsed cannot drift apart.

import { type CommandKey, commandTable } from '../commands/table.ts';
import { channelEnds, channelReturns } from '../outbox/channel-events.ts';

export interface ManifestOptions {
  /** Where Slack reaches the bot over HTTPS, without a path: `https://deploy.example.com`. Needed without Socket Mode. */
  readonly url?: string | undefined;
  readonly socketMode?: boolean;
  /** The command words of the configuration, without the slash. */
  readonly words?: Readonly<Record<CommandKey, string>>;
}

export const eventsPath = '/slack/events';

const defaultWords: Readonly<Record<CommandKey, string>> = {
  deploy: 'deploy',
  switch: 'switch',
  rollback: 'rollback',
  status: 'status',
};

/**
 * Words that Slack keeps for itself. One of them in a manifest and Slack refuses the whole list of commands.
 * `/status` is one: in a real workspace the command is `/deploy-status`.
 */
export const reservedWords: ReadonlySet<string> = new Set(
  (
    'active apps archive away call collapse dm dnd expand feed feedback invite join kick leave list me msg mute open part ' +
    'people prefs pro remind remove rename search shortcuts shrug star status topic unarchive who'
  ).split(' '),
);

/** As people type it in a real workspace, with the slash. */
export function registeredWord(key: CommandKey, words: Readonly<Record<CommandKey, string>> = defaultWords): string {
  const word = words[key];
  return reservedWords.has(word) ? `/${words.deploy}-${word}` : `/${word}`;
}

/** What the bot must be allowed: `channels:history` and `groups:history` find a message whose answer was lost. */
export const botScopes = [
  'commands',
  'chat:write',
  'chat:write.public',
  'channels:read',
  'groups:read',
  'channels:history',
  'groups:history',
  'im:write',
  'usergroups:read',
] as const;

/** @throws Error when there is neither Socket Mode nor an https address. */
export function buildManifest({ url, socketMode = false, words = defaultWords }: ManifestOptions) {
  const requestUrl = socketMode ? undefined : requestUrlOf(url);
  const reached = requestUrl === undefined ? {} : { url: requestUrl };
  return {
    _metadata: { major_version: 2, minor_version: 1 },
    display_information: {
      name: 'Blue-Green Deploys',
      description: 'Blue-green deployments with approvals and instant rollback',
      background_color: '#1d3557',
    },
    features: {
      // The bot sends direct messages; without the Messages tab Slack answers messages_tab_disabled.
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: true },
      bot_user: { display_name: 'deploys', always_online: true },
      slash_commands: commandTable.map(({ key, description, hint }) => ({
        command: registeredWord(key, words),
        description,
        usage_hint: hint,
        should_escape: true,
        ...reached,
      })),
    },
    oauth_config: { scopes: { bot: [...botScopes] } },
    settings: {
      event_subscriptions: {
        bot_events: ['app_home_opened', ...channelEnds, ...channelReturns],
        ...(requestUrl && { request_url: requestUrl }),
      },
      interactivity: { is_enabled: true, ...(requestUrl && { request_url: requestUrl }) },
      org_deploy_enabled: false,
      socket_mode_enabled: socketMode,
      token_rotation_enabled: false,
    },
  };
}

function requestUrlOf(url: string | undefined): string {
  const parsed = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  const local = parsed !== undefined && ['127.0.0.1', 'localhost'].includes(parsed.hostname);
  if (parsed === undefined || (parsed.protocol !== 'https:' && !local))
    throw new Error('Slack reaches the bot over HTTPS: name the address with --url https://…, or take --socket.');
  return new URL(eventsPath, parsed).href;
}
