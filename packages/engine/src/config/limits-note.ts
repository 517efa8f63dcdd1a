// What of a quota cannot be had on this machine, said in the plan.

import type { SlotName } from '../environment/environment.ts';
import { missingHere, type Part } from '../lib/control-group.ts';
import type { TargetSettings } from './settings.ts';

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
  memoryBytes: () => `quota.memory limits each process alone, with 640 MB added for what a runtime reserves: ${why}`,
  pids: (user) =>
    user === undefined
      ? `quota.pids is not kept: ${why}, and the kernel counts processes by account, which is that of the engine`
      : `quota.pids is kept for both slots together, as twice the number for the account ${user}: ${why}`,
  cpus: () => `quota.cpu is not kept: ${why}`,
};
