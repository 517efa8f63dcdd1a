// Who did something to a build, as the code host itself says in the payload that it signed. The author of a commit is text
// that anyone can write; these are accounts that were logged in.

import { type BuildActor, type Deed, deeds } from '../domain/build.ts';
import { author, type BuildAuthor, mostAuthors, text } from './host-event.ts';

/** Empty for a bot, and where the host names no account. */
export function actor(did: Deed, value: unknown): readonly BuildActor[] {
  const { email, login, name } = author(value);
  // GitLab writes [REDACTED] in place of an address that it hides.
  const address = email?.includes('@') ? email : undefined;
  if (login === undefined && address === undefined) return [];
  if (text(value, 'type') === 'Bot' || isBot({ login, email: address })) return [];
  return [{ did, name, login, email: address }];
}

/** As a sender without its own format names them: `{"login": "mallory", "did": "pushed"}`. */
export function namedActors(given: readonly unknown[]): readonly BuildActor[] {
  return distinctActors(
    given.flatMap((each) => {
      const named = typeof each === 'string' ? { [each.includes('@') ? 'email' : 'login']: each } : each;
      return actor(deeds.find((deed) => deed === text(each, 'did')) ?? 'triggered', named);
    }),
  );
}

/** Each account once, with the first of its deeds. */
export function distinctActors(given: readonly BuildActor[]): readonly BuildActor[] {
  const keyOf = ({ login, email }: BuildActor) => (login ?? email ?? '').toLowerCase();
  const known = new Map([...given].reverse().map((each) => [keyOf(each), each] as const));
  return [...known.values()].reverse().slice(0, mostAuthors);
}

const botShapes = [/\[bot\]$/i, /^(project|group)_\d+_bot(_[0-9a-z]+)?$/i];
const botNames = ['web-flow', 'ghost', 'gitlab-bot', 'support-bot', 'alert-bot', 'security-bot'];

/** By a login that no person can have: GitHub's applications end in [bot], GitLab's access tokens are named by number. */
export function isBot({ login, email }: Pick<BuildAuthor, 'login' | 'email'>): boolean {
  const hidden = /^(?:\d+\+)?([^@]+)@users\.noreply\.[a-z0-9.-]+$/i.exec(email ?? '')?.[1];
  return [login, hidden]
    .filter((name) => name !== undefined)
    .some((name) => botNames.includes(name.toLowerCase()) || botShapes.some((shape) => shape.test(name)));
}
