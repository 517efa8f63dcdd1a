// The lock of another person, before it is removed: whose it is, until when and why, and the button that confirms it.

import { shortName, type TargetView } from '@bg/engine';
import { actions, button, type Card, card, section } from './blocks.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { dateTime, outside } from './text.ts';

export const unlockAction = 'unlock';

type Locked = Pick<TargetView, 'service' | 'target' | 'name'> & { readonly lock: NonNullable<TargetView['lock']> };

export function lockCard({ service, target, name, lock }: Locked, formatter: PeopleFormatter): Card {
  const until = `until ${dateTime(lock.until)}: “${outside(lock.reason, 300)}”`;
  const owner = formatter.actor(lock.owner);
  const question = `🔐 *${outside(name, 80)}* is locked by ${owner} ${until}. Take that lock away? ${owner} gets a message.`;
  return card(question, [
    section(question),
    actions(
      [
        button({
          actionId: `deploy.${unlockAction}`,
          label: 'Unlock',
          // The lock is known by the moment it was made: one that was made since is another one.
          value: `${service}/${target}:${lock.since}`,
          style: 'danger',
          confirm: {
            title: 'Unlock?',
            text: `Deployments are possible again; ${outside(shortName(lock.owner), 80)} gets a message.`,
          },
        }),
      ],
      `unlock:${service}/${target}`,
    ),
  ]);
}
