// Accounts of Bitbucket Cloud. Its users choose their nickname, and two may have the same: the account's id names a person.

import type { BuildActor, Deed } from '../../../domain/build.ts';
import { dig, text } from '../../host-event.ts';
import { actor } from '../../vouched.ts';

export const accountOf = (user: unknown): string | undefined => text(user, 'account_id') ?? text(user, 'uuid');

/** Empty for an access token, an app or a team: only the type `user` is a person. */
export function actorOf(did: Deed, user: unknown): readonly BuildActor[] {
  const isPerson = (text(user, 'type') ?? 'user') === 'user';
  return isPerson && dig(user) !== undefined
    ? actor(did, { login: accountOf(user), name: text(user, 'display_name') ?? text(user, 'nickname') })
    : [];
}
