// People in messages: a mention where a Slack id is configured, else the plain name.

import { type Author, findPerson, type Person } from '@bg/engine';
import { outside } from './text.ts';

export interface PeopleFormatter {
  /** From a row's actor: `person:alice`, `machine:ci`, `engine`, `stranger:U0EVE`. */
  readonly actor: (actor: string) => string;
  /** From the list of people, or `group:S…`. */
  readonly person: (id: string) => string;
  /** Of a commit: the person of the list who has the e-mail or the login, else the name that was given. */
  readonly author: (author: Author) => string;
}

/** Names instead of mentions: a mention in a new message notifies the person, a line of a log should not. */
export function nameFormatter(people: readonly Person[]): PeopleFormatter {
  return mentionFormatter(people.map((person) => ({ ...person, slack: undefined })));
}

export function mentionFormatter(people: readonly Person[]): PeopleFormatter {
  const person = (id: string): string => {
    if (id.startsWith('group:')) return groupMention(id.slice('group:'.length));
    const known = people.find((one) => one.id === id);
    return known?.slack === undefined ? `*${outside(known?.name ?? id, 60)}*` : `<@${outside(known.slack, 40)}>`;
  };
  const actor = (name: string): string => {
    const [kind, rest] = [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)];
    if (kind === 'person') return person(rest);
    if (name === 'engine') return 'the engine';
    return kind === 'stranger' && slackId.test(rest) ? `<@${rest}>` : `*${outside(rest, 60)}*`;
  };
  const author = (given: Author): string => {
    const known = authorIn(people, given);
    return known === undefined ? outside(given.name ?? given.login ?? 'an unknown author', 60) : person(known.id);
  };
  return { actor, person, author };
}

/** An author is not verified: enough to notify a person, never enough to let a person act. */
export function authorIn(people: readonly Person[], { email, login }: Author): Person | undefined {
  return findPerson({ people }, { email }) ?? findPerson({ people }, { codeHost: login });
}

const slackId = /^[UW][A-Z0-9]{2,20}$/;

const groupMention = (id: string): string =>
  /^S[A-Z0-9]{2,20}$/.test(id) ? `<!subteam^${id}>` : `*${outside(id, 60)}*`;
