// Which accounts a group holds, as this machine's own files say it: those it lists, and those whose first group it is.

import { readFileSync } from 'node:fs';

interface Account {
  readonly name: string;
  readonly uid: number | undefined;
}

/** `name` is undefined for a group that only a directory service, or nothing, knows. */
export function groupOf(gid: number): { readonly name: string | undefined; readonly accounts: readonly Account[] } {
  const people = rows('/etc/passwd').map(([name = '', , uid, first]) => ({
    name,
    uid: Number(uid),
    first: Number(first),
  }));
  const group = rows('/etc/group').find(([, , id]) => Number(id) === gid && id !== '');
  const listed = (group?.[3] ?? '').split(',').flatMap((member) => member.trim() || []);
  const accounts = new Map<string, Account>();
  for (const { name, uid, first } of people) if (first === gid) accounts.set(name, { name, uid });
  for (const name of listed) accounts.set(name, { name, uid: people.find((person) => person.name === name)?.uid });
  return { name: group?.[0], accounts: [...accounts.values()] };
}

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
