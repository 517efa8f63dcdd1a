// The account that a slot's processes run as: found, and checked for access to what it must run, before anything is
// stopped.

import { fchownSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Account, asAccount, findAccount } from '../../lib/accounts.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { run } from '../../lib/exec.ts';
import { describePlace, type InstancePlace, type LaunchSettings } from '../environment.ts';

const askLimitMs = 10_000;

/** Undefined: that of the engine. @throws BlueGreenError `account-refused` */
export function ownerOf({ account }: Pick<LaunchSettings, 'account'>): Account | undefined {
  if (account === undefined) return undefined;
  const owner = findAccount(account);
  // Refuses where this process may not change accounts.
  asAccount(['true'], owner);
  return owner;
}

/** @throws BlueGreenError `account-refused`, naming the first folder or file that is closed to the account */
export async function requireReach(
  place: InstancePlace,
  account: Account | undefined,
  paths: readonly string[],
): Promise<void> {
  if (account === undefined) return;
  const ways = [...new Set(paths.flatMap(wayTo))];
  const look = ['/bin/sh', '-c', 'for p do [ -x "$p" ] || { echo "$p"; exit; }; done', 'sh', ...ways] as const;
  const { stdout } = await run({ argv: asAccount(look as never, account), env: {}, timeoutMs: askLimitMs });
  const closed = stdout.trim();
  if (closed !== '')
    throw new BlueGreenError(
      'account-refused',
      `${describePlace(place)} cannot start as ${account.name}: it may not enter or execute ${closed}`,
    );
}

/** From the top: a folder below a closed one cannot be checked either. */
function wayTo(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [path] : [...wayTo(above), path];
}

/**
 * Gives the pipe to the slot's log to the account: the service may open its output again by /dev/stdout. It may not by
 * its path, which leads through a closed folder, and the engine still owns the log itself.
 */
export function giveOutput(output: number, account: Account | undefined): void {
  if (process.getuid?.() !== 0) return;
  fchownSync(output, account?.uid ?? 0, account?.gid ?? 0);
}
