// A card whose channel takes no message: the requester and the approvers get a copy of it, with its buttons.

import type { Engine } from '@bg/engine';
import { findPerson, personOf } from '@bg/engine';
import { refusesChannel } from '../slack/problems.ts';
import { type Payloads, putCopy, transport } from './messages.ts';
import type { Item, Sender } from './sending.ts';

/** Members of a user group who are written to one by one. */
const maxMembers = 20;

export async function informStranded(
  { engine, slack }: Sender,
  { message, drawn }: Item,
  error: string,
): Promise<void> {
  if (message.kind !== 'card') return;
  const { deploymentId } = message.payload as Payloads['card'];
  const view = engine.deployment(deploymentId);
  // The requester gets a message about the end anyway.
  if (view === undefined || view.outcome !== undefined) return;
  const { settings, outbox } = engine;
  const slackOf = (id: string | undefined): readonly string[] => {
    const slackId = id === undefined ? undefined : findPerson(settings, { id })?.slack;
    return slackId === undefined ? [] : [slackId];
  };
  const isPending = view.approval?.status === 'pending';
  const users = new Set(slackOf(personOf(view.requestedBy)));
  for (const approver of isPending ? (view.approval?.approvers ?? []) : []) {
    const group = /^group:(.+)$/.exec(approver)?.[1];
    const members = group === undefined ? undefined : await slack.groupMembers(group);
    const found = members === undefined ? slackOf(approver) : members.ok ? members.value.slice(0, maxMembers) : [];
    for (const user of found) users.add(user);
  }
  const moment = isPending ? 'approval' : 'card';
  for (const user of users) putCopy(outbox, { deploymentId, user, error, channel: drawn.channel, moment });
}

/** For the status: channels that take no cards now, and why. */
export function strandedIn({ outbox, deployment }: Pick<Engine, 'outbox' | 'deployment'>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { kind, payload, problem } of outbox.stuck(transport, 100)) {
    const error = refusesChannel(problem);
    if (kind !== 'card' || error === undefined) continue;
    const view = deployment((payload as Payloads['card']).deploymentId);
    if (view !== undefined && !found.has(view.channel)) found.set(view.channel, error);
  }
  return found;
}
