// Cards of earlier deployments of a target: a release that is not live any more says so, and its buttons go.

import type { AuditRow, Engine } from '@bg/engine';
import { cardKey, putCard } from '../outbox/messages.ts';

/** Looked through for those whose release was live last. */
const recent = 20;
const most = 3;

/** A picture that is the same is not sent again, so that this costs Slack nothing. */
export function redrawEarlier(
  { history, outbox }: Pick<Engine, 'history' | 'outbox'>,
  { service, target, deploymentId }: Pick<AuditRow, 'service' | 'target' | 'deploymentId'>,
): void {
  if (service === null || target === null) return;
  const found = history({ service, target }, recent);
  if (!found.ok) return;
  const others = found.value.filter(({ id }) => id !== deploymentId);
  const live = others.filter(({ outcome }) => outcome?.kind === 'promoted').slice(0, most);
  for (const view of new Set([...others.slice(0, most), ...live]))
    if (outbox.reference(cardKey(view.id)) !== undefined) putCard(outbox, view, { urgent: false });
}
