// What the account of a release lets it do, shown where people decide: in `config check` and in the plan.

import type { SlotName } from '../../domain/target.ts';
import { missingHere, type Part } from '../../lib/control-group.ts';
import type { Settings, SlotSettings, TargetSettings } from '../settings.ts';

const asEngine =
  'under the account of the engine: it can read the secrets and the state of the engine, change the routing and approve itself';

export function accountSentence({ account }: Pick<SlotSettings, 'account'>): string {
  return account === undefined ? asEngine : `as ${account.user}${account.group ? `, group ${account.group}` : ''}`;
}

/**
 * For the services with a slot or a build that runs as the engine does, and for what the helper of an engine that is not
 * root does not do; undefined where there is nothing to say.
 */
export function accountNote({ targets }: Pick<Settings, 'targets'>, isRoot = true): string | undefined {
  const shared = targets.filter(({ slots }) => [slots.blue, slots.green].some(({ account }) => account === undefined));
  const names = [...new Set(shared.map(({ service }) => service))];
  const built = targets.filter(
    ({ artifacts: { repositories, buildAccount } }) => !buildAccount && repositories.some(({ build }) => build),
  );
  const builds = [...new Set(built.map(({ service }) => service))];
  const sentences = [
    ...(names.length === 0
      ? []
      : [`a release of ${names.join(', ')} runs ${asEngine}; set \`user\` to give it an account of its own`]),
    ...(builds.length === 0
      ? []
      : [`a build of ${builds.join(', ')} runs ${asEngine}; set \`artifacts.build.user\` to give it one of its own`]),
  ];
  const helped = isRoot ? [] : targets.flatMap(rootSentence);
  const all = [...sentences, ...new Set(helped)];
  return all.length === 0 ? undefined : all.join('. ');
}

/** What a service with a `user` has that only an engine which is root can do. */
function rootSentence({ service, artifacts }: Settings['targets'][number]): readonly string[] {
  return artifacts.buildAccount
    ? [
        `this account is not root: for ${service}, builds under \`artifacts.build.user\` need an engine that is root, since the helper (docs/accounts.md) does not run them`,
      ]
    : [];
}

/** `missing`: the limits that no control group can keep here. */
export function limitsNotes(
  { quota, slots }: Pick<TargetSettings, 'quota' | 'slots'>,
  slot: SlotName,
  missing: readonly Part[] = missingHere(quota ?? {}),
): readonly string[] {
  const { account } = slots[slot];
  return missing.map((part) => sentences[part](account?.user));
}

const why = 'no control group can be made here';

const sentences: Readonly<Record<Part, (user: string | undefined) => string>> = {
  memoryBytes: () =>
    `quota.memory limits each process separately, with 640 MB added for what a runtime reserves: ${why}`,
  pids: (user) =>
    user === undefined
      ? `quota.pids is not enforced: ${why}, and the kernel counts processes by account, which is that of the engine`
      : `quota.pids is enforced for both slots together, as twice the number for the account ${user}: ${why}`,
  cpus: () => `quota.cpu is not enforced: ${why}`,
};
