// A direct message to each approver by name when an approval is asked for, edited when it is decided. Members of a user group
// are called by the mention of their group in the thread of the card.

import { type DeploymentView, type Engine, findPerson } from '@bg/engine';
import { type Payloads, transport } from '../outbox/messages.ts';

/** More than these would be a crowd. */
const most = 20;
const mostKeys = 100;

export function askApprovers({ outbox, settings }: Pick<Engine, 'outbox' | 'settings'>, view: DeploymentView): void {
  const known = keysOf({ outbox }, view.id);
  for (const key of known) outbox.again(key);
  const { approval, requestedBy } = view;
  if (approval?.status !== 'pending' || view.outcome !== undefined) return;
  const { approvers, fourEyes, writers, given, id } = approval;
  const own = fourEyes ? [requestedBy.replace(/^person:/, ''), ...writers] : [];
  const asked = approvers.filter((person) => ![...own, ...given].includes(person)).slice(0, most);
  const added = asked.flatMap((person) => {
    const user = findPerson(settings, { id: person })?.slack;
    const key = `approval:${id}:${user}`;
    if (user === undefined || known.includes(key) || outbox.has(key)) return [];
    const payload: Payloads['approval-direct'] = { deploymentId: view.id, user, approval: id };
    outbox.put({ key, transport, kind: 'approval-direct', payload, urgent: true });
    return [key];
  });
  if (added.length > 0) outbox.remember(keysKey(view.id), transport, [...known, ...added].slice(-mostKeys));
}

const keysKey = (deploymentId: string): string => `approval-keys:${deploymentId}`;

/** Also of approvals that the deployment has behind it. */
function keysOf({ outbox }: Pick<Engine, 'outbox'>, deploymentId: string): readonly string[] {
  const keys = outbox.reference(keysKey(deploymentId));
  return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
}
