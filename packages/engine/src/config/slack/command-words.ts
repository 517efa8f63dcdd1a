// The words of the slash commands: chosen or default, with the prefix in front.

import type { SlackSettings } from '../settings.ts';

const defaultCommands = { deploy: 'deploy', switch: 'switch', rollback: 'rollback', status: 'status' } as const;
/** Slack keeps /status for itself and refuses a manifest that names it, so a bare one is never the default. */
const defaultBareStatus = 'deploy-status';

export function commandWords(slack: {
  readonly prefix?: string | undefined;
  readonly commands?: { readonly [Verb in keyof SlackSettings['commands']]?: string | undefined } | undefined;
}): SlackSettings['commands'] {
  const { prefix = '', commands = {} } = slack;
  const bareStatus = prefix === '' ? defaultBareStatus : defaultCommands.status;
  return {
    deploy: prefix + (commands.deploy ?? defaultCommands.deploy),
    switch: prefix + (commands.switch ?? defaultCommands.switch),
    rollback: prefix + (commands.rollback ?? defaultCommands.rollback),
    status: prefix + (commands.status ?? bareStatus),
  };
}
