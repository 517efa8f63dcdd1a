// The one command that an engine which is not root may run as root (deploy/helper, docs/accounts.md): it starts programs
// as the accounts that its list names. The list names slots; what belongs to no slot asks for any slot of its account.

import { readFileSync } from 'node:fs';
import { type Account, type AccountName, findAccount } from './accounts.ts';
import { BlueGreenError, hasCode, messageOf } from './errors.ts';
import { run } from './exec.ts';

type Argv = readonly [string, ...string[]];

export const helperList = '/etc/bluegreen/slots.conf';
/** What the helper itself runs with; the environment of what it starts goes through its input. */
export const helperEnv = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } as const;
const helper = '/usr/local/sbin/bluegreen-slot';
const giveLimitMs = 20_000;

interface ListedSlot {
  /** `service.target.slot` */
  readonly name: string;
  readonly user: string;
  readonly group: string | undefined;
  /** The folder below which releases are. */
  readonly releases: string;
}

export const helperArgv = (...words: readonly string[]): Argv => ['sudo', '-n', helper, ...words];

/** Parses the list as the helper does, which checks it again. */
export function listedSlots(): readonly ListedSlot[] {
  try {
    return readFileSync(helperList, 'utf8').split('\n').flatMap(parseLine);
  } catch {
    return [];
  }
}

function parseLine(line: string): readonly ListedSlot[] {
  const [name, account, releases] = line.trim().split(/\s+/);
  if (!name || name.startsWith('#') || !account || !releases) return [];
  const [user = '', group] = account.split(':');
  return [{ name, user, group, releases }];
}

/** The environment, as the helper reads it. */
export const helperInput = (env: Readonly<Record<string, string>>): string =>
  Object.entries(env)
    .map(([name, value]) => `${name}=${value}\0`)
    .join('');

/** A slot that is listed with this account and group. Undefined for root, which needs none. */
export function slotOfAccount({ uid, gid }: Account): string | undefined {
  if (process.getuid?.() === 0) return undefined;
  return listedSlots().find((slot) => {
    const account = accountOf(slot);
    return account?.uid === uid && account.gid === gid;
  })?.name;
}

function accountOf(name: AccountName): Account | undefined {
  try {
    return findAccount(name);
  } catch (thrown) {
    if (hasCode(thrown, 'account-refused')) return undefined;
    throw thrown;
  }
}

/**
 * Through the helper, a file of this process's account becomes the account's, mode 0600. A folder stays this account's,
 * which can still remove what is in it, and gets the group of the account. @throws BlueGreenError `account-refused`
 */
export async function giveThroughHelper(slot: string, path: string): Promise<void> {
  // The helper takes no path: what is opened here, it gives.
  const argv = ['/bin/sh', '-c', 'exec <"$1"; shift; exec "$@"', 'sh', path, ...helperArgv('give', slot)] as const;
  try {
    await run({ argv, env: helperEnv, timeoutMs: giveLimitMs });
  } catch (thrown) {
    const why = `${path} cannot be given to the account of ${slot}: ${messageOf(thrown)}`;
    throw new BlueGreenError('account-refused', why, {}, thrown);
  }
}
