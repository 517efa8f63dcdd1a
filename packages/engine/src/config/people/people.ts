// Finds a person by any of their names, and decides whether they may approve.

import type { Person, Settings } from '../settings.ts';

type Known = { readonly [Key in keyof Omit<Person, 'name'>]?: string | undefined };

/** The one person who has every name given (at least one); letter case counts only in `slack` and `osUser`. */
export function findPerson(settings: Pick<Settings, 'people'>, known: Known): Person | undefined {
  const given = (['id', 'slack', 'email', 'codeHost', 'osUser'] as const).filter((key) => known[key] !== undefined);
  if (given.length === 0) return undefined;
  return settings.people.find((person) => given.every((key) => plain(key, person[key]) === plain(key, known[key])));
}

/** `approvers` as in the settings of a target; `groups` are the ids of the Slack user groups that this person is in. */
export function approverRule({
  approvers,
  personId,
  groups,
}: {
  readonly approvers: readonly string[];
  readonly personId: string;
  readonly groups: readonly string[];
}): boolean {
  const named = !personId.startsWith('group:') && approvers.includes(personId);
  return named || groups.some((group) => approvers.includes(`group:${group}`));
}

const plain = (key: keyof Known, value: string | undefined): string | undefined =>
  key === 'email' || key === 'codeHost' ? value?.toLowerCase() : value;
