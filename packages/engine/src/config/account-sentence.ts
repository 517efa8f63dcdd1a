// What the account of a release lets it do, said where people decide: in `config check` and in the plan.

import type { Settings, SlotSettings } from './settings.ts';

const asEngine =
  'under the account of the engine: it can read the secrets and the state of the engine, change the routing and approve itself';

export function accountSentence({ account }: Pick<SlotSettings, 'account'>): string {
  return account === undefined ? asEngine : `as ${account.user}${account.group ? `, group ${account.group}` : ''}`;
}

/** One sentence for the services with a slot that runs as the engine does; undefined where there is none. */
export function accountNote({ targets }: Pick<Settings, 'targets'>): string | undefined {
  const shared = targets.filter(({ slots }) => [slots.blue, slots.green].some(({ account }) => account === undefined));
  const names = [...new Set(shared.map(({ service }) => service))];
  if (names.length === 0) return undefined;
  return `a release of ${names.join(', ')} runs ${asEngine}; set \`user\` to give it an account of its own`;
}
