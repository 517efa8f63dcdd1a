// Whom a slot runs as: what the slot says, or else what its target or service says.

import type { ServiceOptions } from './schema-options.ts';
import type { SlotSettings, TargetSettings } from './settings.ts';
import { parseSize } from './units.ts';

type Said = Pick<ServiceOptions, 'user' | 'group'>;

/** A slot with an account of its own does not take the group of another account. */
export function resolveAccount(shared: Said, own: Said): Pick<SlotSettings, 'account'> {
  const { user, group } = own.user === undefined ? { ...shared, ...own } : own;
  return user === undefined ? {} : { account: { user, group } };
}

export function resolveQuota(quota: ServiceOptions['quota']): Pick<TargetSettings, 'quota'> {
  if (quota === undefined) return {};
  const { memory, pids, cpu } = quota;
  return { quota: { memoryBytes: memory === undefined ? undefined : parseSize(memory), pids, cpus: cpu } };
}
