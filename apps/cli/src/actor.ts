// Who sits at the keyboard: the operating system's user, looked up in the configured list of people.

import { userInfo } from 'node:os';
import { type Actor, findPerson, type Settings } from '@bg/engine';

/**
 * `sudoUser` (SUDO_USER) counts only when the effective user is root: sudo sets it then, and whoever is root can be
 * anybody here anyway. Without root it is a variable that everybody can set, so it is ignored. There is no other way to
 * act in another name: no option and no variable, or four eyes would be a matter of typing.
 */
export function operatingSystemUser(sudoUser: string | undefined): string {
  const isRoot = process.geteuid?.() === 0;
  return isRoot && sudoUser ? sudoUser : ownName();
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry in the password file has a number only; nobody in the list can have it.
    return `uid ${process.geteuid?.() ?? 'unknown'}`;
  }
}

/** A person of the list, or a stranger who may look. */
export function actorOf(settings: Settings, osUser: string): Actor {
  const person = findPerson(settings, { osUser });
  return person ? { kind: 'person', id: person.id, door: 'cli' } : { kind: 'stranger', name: osUser, door: 'cli' };
}
