// Whether a person is an approver of a target; "it is not known now" is another answer than no.

import { approverRule } from '../../config/people/people.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { refuse } from '../../domain/refusal.ts';
import type { Target } from '../core.ts';

type Refused = ReturnType<typeof refuse>;

export function refuseUnlessApprover(
  { settings, name }: Pick<Target, 'settings' | 'name'>,
  actor: Actor,
  approvers: readonly string[] = settings.approval.approvers,
): Refused | undefined {
  const who = shortName(actorName(actor));
  const refused = refuse('not-approver', `${who} is not an approver of ${name}`, `Approvers: ${approvers.join(', ')}.`);
  if (actor.kind !== 'person') return refused;
  if (approverRule({ approvers, personId: actor.id, groups: actor.groups ?? [] })) return undefined;
  const [unread] = (actor.unreadGroups ?? []).filter(({ group }) => approvers.includes(`group:${group}`));
  if (unread === undefined) return refused;
  return refuse(
    'approvers-unknown',
    `Slack does not say now whether ${who} is in group:${unread.group}, whose members approve ${name}: ${unread.why}`,
    'Try again in a minute; where it stays so, see the log of the bot.',
  );
}
