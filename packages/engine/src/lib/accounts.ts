// Accounts and groups, as this machine's own files name them. A directory service is not asked: an account that only it
// knows is named by its numbers.

import { readFileSync, statSync } from 'node:fs';
import { BlueGreenError } from './errors.ts';

/** As configured: names or numbers. Without a group it is the first one of the account. */
export interface AccountName {
  readonly user: string;
  readonly group?: string | undefined;
}

export interface Account {
  /** For a sentence. */
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Whether the machine's files know it, and with it the further groups that it is in. */
  readonly listed: boolean;
}

interface Member {
  readonly name: string;
  readonly uid: number | undefined;
}

/** @throws BlueGreenError `account-refused` for one that this machine does not know, or that is root */
export function findAccount({ user, group }: AccountName): Account {
  const row = rows('/etc/passwd').find(([name, , uid]) => name === user || uid === user);
  const uid = row ? Number(row[2]) : asNumber(user);
  if (uid === undefined) throw refused(`there is no account ${user} on this machine`);
  if (uid === 0) throw refused(`${user} is root, which no release runs as: name an account of its own`);
  const gid = group === undefined ? asNumber(row?.[3]) : findGroup(group);
  if (gid === undefined) throw refused(`account ${user} is not in /etc/passwd: name its group by number too`);
  return { name: row?.[0] ?? user, uid, gid, listed: row !== undefined };
}

function findGroup(group: string): number {
  const row = rows('/etc/group').find(([name, , gid]) => name === group || gid === group);
  const gid = row ? Number(row[2]) : asNumber(group);
  if (gid === undefined) throw refused(`there is no group ${group} on this machine`);
  return gid;
}

/**
 * The command, run as another account. It keeps its process id, and neither it nor its children gain rights again, by a
 * set-user-id program for example. @throws BlueGreenError `account-refused` when this process may not change accounts
 */
export function asAccount(
  argv: readonly [string, ...string[]],
  account: Account | undefined,
): readonly [string, ...string[]] {
  const me = process.getuid?.();
  if (account === undefined || me === account.uid) return argv;
  if (me !== 0)
    throw refused(
      `this process runs as user ${me} and only root can start a program as ${account.name}: run it as root, install the helper for the slot (docs/accounts.md), or leave the key out`,
    );
  const groups = account.listed ? '--init-groups' : '--clear-groups';
  const ids = [`--reuid=${account.uid}`, `--regid=${account.gid}`, groups];
  return [programSetpriv(), ...ids, '--inh-caps=-all', '--no-new-privs', '--', ...argv];
}

function programSetpriv(): string {
  const found = ['/usr/bin', '/bin', '/usr/sbin', '/usr/local/bin']
    .map((folder) => `${folder}/setpriv`)
    .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  if (found === undefined) throw refused('there is no setpriv on this machine: install util-linux');
  return found;
}

/** `name` is undefined for a group that only a directory service, or nothing, knows. */
export function groupOf(gid: number): { readonly name: string | undefined; readonly accounts: readonly Member[] } {
  const people = rows('/etc/passwd').map(([name = '', , uid, first]) => ({
    name,
    uid: asNumber(uid),
    first: asNumber(first),
  }));
  const group = rows('/etc/group').find(([, , id]) => asNumber(id) === gid);
  const listed = (group?.[3] ?? '').split(',').flatMap((member) => member.trim() || []);
  const accounts = new Map<string, Member>();
  for (const { name, uid, first } of people) if (first === gid) accounts.set(name, { name, uid });
  for (const name of listed) accounts.set(name, { name, uid: people.find((person) => person.name === name)?.uid });
  return { name: group?.[0], accounts: [...accounts.values()] };
}

const asNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;

function rows(file: string): readonly (readonly string[])[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes(':') && !line.startsWith('#'))
      .map((line) => line.split(':'));
  } catch {
    return [];
  }
}

const refused = (sentence: string): BlueGreenError => new BlueGreenError('account-refused', sentence);
