// A Slack app's manifest, as far as the workspace needs it, and the refusals Slack makes when one is saved.
import { SimulatorError } from './errors.ts';

export interface ManifestCommand {
  readonly command: string;
  readonly description: string;
  readonly usage_hint?: string | undefined;
  readonly should_escape?: boolean | undefined;
  readonly url?: string | undefined;
}

export interface AppManifest {
  readonly display_information: { readonly name: string; readonly description?: string | undefined };
  readonly features?: {
    readonly app_home?: {
      readonly home_tab_enabled?: boolean | undefined;
      readonly messages_tab_enabled?: boolean | undefined;
      readonly messages_tab_read_only_enabled?: boolean | undefined;
    };
    readonly bot_user?: { readonly display_name: string; readonly always_online?: boolean | undefined };
    readonly slash_commands?: readonly ManifestCommand[];
  };
  readonly oauth_config?: { readonly scopes?: { readonly bot?: readonly string[] | undefined } };
  readonly settings?: {
    readonly event_subscriptions?: {
      readonly bot_events?: readonly string[] | undefined;
      readonly request_url?: string | undefined;
    };
    readonly interactivity?: { readonly is_enabled: boolean; readonly request_url?: string | undefined };
    readonly socket_mode_enabled?: boolean | undefined;
  };
}

/** Names that Slack keeps for itself: one of them in a manifest takes the whole list of commands down. */
export const RESERVED_COMMANDS: ReadonlySet<string> = new Set(
  (
    'active apps archive away call collapse dm dnd expand feed feedback invite join kick leave list me msg mute open part ' +
    'people prefs pro remind remove rename search shortcuts shrug star status topic unarchive who'
  )
    .split(' ')
    .map((name) => `/${name}`),
);

const COMMAND = /^\/[a-z0-9][a-z0-9_-]{0,30}$/;

/** @throws SimulatorError `invalid-manifest`, one line per complaint. */
export function checkManifest(manifest: AppManifest): AppManifest {
  const complaints = [...nameComplaints(manifest), ...commandComplaints(manifest.features?.slash_commands ?? [])];
  if (complaints.length > 0) {
    throw new SimulatorError('invalid-manifest', `Slack would refuse this manifest:\n${complaints.join('\n')}`);
  }
  return manifest;
}

function nameComplaints(manifest: AppManifest): string[] {
  const name = manifest.display_information?.name ?? '';
  const complaints: string[] = [];
  if (name.length < 1 || name.length > 35) complaints.push('display_information.name: 1 to 35 characters');
  const bot = manifest.features?.bot_user?.display_name;
  if (bot !== undefined && !/^[a-z0-9._-]{1,80}$/i.test(bot)) {
    complaints.push(`features.bot_user.display_name: only letters, digits, ".", "_" and "-", got "${bot}"`);
  }
  return complaints;
}

function commandComplaints(commands: readonly ManifestCommand[]): string[] {
  return commands.flatMap((command, index) => {
    const where = `features.slash_commands[${index}]`;
    const complaints: string[] = [];
    if (!COMMAND.test(command.command)) complaints.push(`${where}.command: invalid name "${command.command}"`);
    if (RESERVED_COMMANDS.has(command.command)) {
      complaints.push(
        `${where}.command: "${command.command}" is built into Slack (the slash command has an invalid name)`,
      );
    }
    if (commands.findIndex((other) => other.command === command.command) !== index) {
      complaints.push(`${where}.command: "${command.command}" appears twice`);
    }
    if (!command.description || command.description.length > 2000)
      complaints.push(`${where}.description: 1 to 2000 characters`);
    if ((command.usage_hint?.length ?? 0) > 1000) complaints.push(`${where}.usage_hint: at most 1000 characters`);
    return complaints;
  });
}
