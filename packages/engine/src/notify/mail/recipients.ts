// Who is notified of a fact by mail. Pure. An author of a commit is text from outside: it becomes a person of the list,
// or an address at a domain that the configuration trusts, or no recipient.

import type { Role } from '../../config/notify/settings.ts';
import { findPerson } from '../../config/people/people.ts';
import type { Person, TargetSettings } from '../../config/settings.ts';
import type { Author } from '../../domain/build.ts';
import type { Fact } from './facts.ts';

export interface Recipient {
  /** The id of a person, or the address: what distinguishes recipients. */
  readonly key: string;
  readonly name: string;
  readonly address: string;
  readonly roles: readonly Role[];
}

export interface Concerned {
  readonly people: readonly Person[];
  readonly authorDomains: readonly string[];
  /** The target that the fact is about, or all of the service. */
  readonly targets: readonly TargetSettings[];
  /** Ids of people who asked for it. */
  readonly requesters: readonly string[];
  readonly authors: readonly Author[];
  /** Ids of people who may decide now; only Slack knows the groups. */
  readonly approvers: readonly string[];
  /** The id of the person who did it just now, who need not be notified. */
  readonly by: string | undefined;
}

export function recipientsOf(fact: Pick<Fact, 'name'>, concerned: Concerned): readonly Recipient[] {
  const found = new Map<string, Recipient>();
  for (const { recipients } of concerned.targets)
    for (const role of recipients.mail[fact.name])
      for (const who of ofRole(role, concerned, recipients)) {
        const known = found.get(who.key);
        const roles = [...new Set([...(known?.roles ?? []), role])];
        if (who.key !== concerned.by) found.set(who.key, { ...who, roles });
      }
  return [...found.values()];
}

type Who = Omit<Recipient, 'roles'>;

function ofRole(role: Role, concerned: Concerned, recipients: TargetSettings['recipients']): readonly Who[] {
  const ofIds = (ids: readonly string[]) => ids.flatMap((id) => reachable(findPerson(concerned, { id })));
  switch (role) {
    case 'requester':
      return ofIds(concerned.requesters);
    case 'approvers':
      return ofIds(concerned.approvers);
    case 'developers':
      return ofIds(recipients.developers);
    case 'productManagers':
      return ofIds(recipients.productManagers);
    case 'authors':
      return concerned.authors.flatMap((author) => ofAuthor(author, concerned));
    default:
      return role satisfies never;
  }
}

function reachable(person: Person | undefined): readonly Who[] {
  const { id, name, email } = person ?? {};
  return id === undefined || email === undefined ? [] : [{ key: id, name: name ?? id, address: email }];
}

function ofAuthor({ email, login }: Author, concerned: Concerned): readonly Who[] {
  const person = findPerson(concerned, { email }) ?? findPerson(concerned, { codeHost: login });
  if (person !== undefined) return reachable(person);
  const address = email?.toLowerCase() ?? '';
  const domain = /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([a-z0-9.-]{1,253})$/.exec(address)?.[1];
  if (domain === undefined || !concerned.authorDomains.includes(domain)) return [];
  return [{ key: address, name: '', address }];
}
