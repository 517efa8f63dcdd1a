// Who sits at the keyboard: the operating system's user, looked up in the configured list of people.

import { userInfo } from 'node:os';
import { type Actor, findPerson, type Settings } from '@bg/engine';
import { nameOfUser, userBehind } from './behind.ts';

/**
 * As root: `sudoUser` (SUDO_USER), since sudo sets it then, and root can be any user. As another account: the user
 * who called sudo to become it, as the kernel knows it; any user can set a variable, so none counts. There is no other
 * way to act in another name: no option and no variable, or four eyes would be a matter of typing.
 */
export function operatingSystemUser(sudoUser: string | undefined): string {
  if (process.geteuid?.() === 0) return sudoUser || ownName();
  const behind = userBehind(process.pid);
  return behind === undefined ? ownName() : (nameOfUser(behind) ?? `uid ${behind}`);
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry in the password file has a number only; no person in the list can have it.
    return `uid ${process.geteuid?.() ?? 'unknown'}`;
  }
}

/** A person of the list, or an unauthenticated user, who can only read. */
export function actorOf(settings: Settings, osUser: string): Actor {
  const person = findPerson(settings, { osUser });
  return person ? { kind: 'person', id: person.id, door: 'cli' } : { kind: 'stranger', name: osUser, door: 'cli' };
}
