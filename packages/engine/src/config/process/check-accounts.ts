// The accounts that services run as. One that is missing stops nothing here: the file may be checked on another machine.

import { findAccount } from '../../lib/accounts.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Path } from '../kit/path.ts';
import { error, type Finding, warning } from '../kit/problems.ts';
import type { TargetDraft } from '../target-draft.ts';

interface Said {
  readonly service: string;
  readonly path: Path;
  readonly user: string | undefined;
  readonly group: string | undefined;
}

export function checkAccounts(targets: readonly TargetDraft[]): readonly Finding[] {
  const said = targets.flatMap(accountsOf);
  return [...said.flatMap(checkAccount), ...sharedBetween(said)];
}

function accountsOf({ service, own, options, saidAt, path }: TargetDraft): readonly Said[] {
  const slots = (['blue', 'green'] as const).flatMap((slot) => {
    const { user, group } = own.slots?.[slot] ?? {};
    if (user === undefined && group === undefined) return [];
    const at = [...path, 'slots', slot, user === undefined ? 'group' : 'user'];
    return [{ service, path: at, user: user ?? options.user, group: group ?? options.group }];
  });
  const { user, group } = options;
  if (user === undefined && group === undefined) return slots;
  return [{ service, path: saidAt(user === undefined ? 'group' : 'user'), user, group }, ...slots];
}

function checkAccount({ path, user, group }: Said): readonly Finding[] {
  if (user === undefined) return [error(path, 'is a group without a user; expected `user` next to it')];
  if (user === 'root' || /^0+$/.test(user)) return [error(path, 'is root; expected an account of its own')];
  try {
    findAccount({ user, group });
    return [];
  } catch (thrown) {
    return [warning(path, `${messageOf(thrown)}; a slot cannot start without it`)];
  }
}

/** Processes of one account can read the environment of one another, secrets included. */
function sharedBetween(said: readonly Said[]): readonly Finding[] {
  return said.flatMap(({ service, path, user }, index) => {
    const other = said.slice(0, index).find((each) => each.user === user && each.service !== service);
    return user !== undefined && other
      ? [warning(path, `is the account of ${other.service} too, so that each can read the secrets of the other`)]
      : [];
  });
}
