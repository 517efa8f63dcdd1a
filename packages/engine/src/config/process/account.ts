// Which account a service runs as, and what it may take of the machine.

import { z } from 'zod';
import type { AccountName } from '../../lib/accounts.ts';
import type { GroupLimits } from '../../lib/control-group.ts';
import { parseSize } from '../../lib/units.ts';
import { matching, size, whole } from '../kit/values.ts';

const accountPattern = /^([A-Za-z_][A-Za-z0-9_.-]{0,31}|\d{1,10})$/;

/** Of a service, a target, a slot or builds. */
export const accountOptions = {
  user: matching(accountPattern, 'the name or number of an account of this machine')
    .describe(
      'Account that it runs as, which needs an engine that runs as root. Default: the account of the engine, so that it can do whatever the engine can.',
    )
    .optional(),
  group: matching(accountPattern, 'the name or number of a group of this machine')
    .describe('Group that it runs as. Default: the first group of `user`.')
    .optional(),
};

export const quota = z
  .strictObject({
    memory: size().describe('Memory of all processes of the slot together. Default: no limit.').optional(),
    pids: whole({ min: 1, max: 4_000_000, expected: 'a number of processes and threads from 1 to 4000000' })
      .describe('Processes and threads of the slot. Default: no limit.')
      .optional(),
    cpu: z
      .number({ error: 'a number of cores from 0.01 to 1024' })
      .min(0.01, { error: 'a number of cores from 0.01 to 1024' })
      .max(1024, { error: 'a number of cores from 0.01 to 1024' })
      .describe('Cores; 0.5 is half of one. Default: no limit.')
      .optional(),
  })
  .describe('What the processes of one slot may take of the machine, by a control group of their own.');

interface Said {
  readonly user?: string | undefined;
  readonly group?: string | undefined;
}

/** A slot with its own account does not take the group of another account. */
export function resolveAccount(shared: Said, own: Said): { readonly account?: AccountName } {
  const { user, group } = own.user === undefined ? { ...shared, ...own } : own;
  return user === undefined ? {} : { account: { user, group } };
}

export function resolveQuota(given: z.infer<typeof quota> | undefined): { readonly quota?: GroupLimits } {
  if (given === undefined) return {};
  const { memory, pids, cpu } = given;
  return { quota: { memoryBytes: memory === undefined ? undefined : parseSize(memory), pids, cpus: cpu } };
}
