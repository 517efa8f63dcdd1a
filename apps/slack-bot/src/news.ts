// Which rows of the audit log people hear of in Slack, and how. What is not named here stays in the log.

import type { AuditRow } from '@bg/engine';

/** Rows of a deployment that are worth a line in its thread, and whom the line calls. */
const lines: Readonly<Record<string, 'approvers' | 'requester' | 'nobody'>> = {
  'deployment-requested': 'nobody',
  'step-done': 'nobody',
  'step-failed': 'nobody',
  'step-undone': 'nobody',
  'approval-asked': 'approvers',
  'approval-reminder': 'approvers',
  'approval-expired': 'nobody',
  'approval-extended': 'nobody',
  approved: 'nobody',
  rejected: 'nobody',
  'promoted-on': 'nobody',
  paused: 'nobody',
  resumed: 'nobody',
  'abort-asked': 'nobody',
  'rollback-asked': 'nobody',
  'deployment-finished': 'requester',
  'schema-changed': 'nobody',
  'schema-warning': 'nobody',
  'backfill-begun': 'nobody',
  'backfill-done': 'nobody',
  'backfill-warning': 'nobody',
  'backfill-failed': 'requester',
};

/** Rows about a target that are news for everybody in its channel. */
const notes: Readonly<Record<string, string>> = {
  crashed: '💥',
  restarted: '🔁',
  'restart-failed': '🚨',
  recovered: '🩹',
  'health-changed': '🩺',
  'guard-acted': '🛟',
  'guard-paged': '🚨',
  'guard-exhausted': '🚨',
  'drift-resolved': '🧭',
  'routing-restored': '🧭',
  'routing-adopted': '🧭',
  'balancer-restarted': '🔁',
  'state-learnt': '🧩',
  'state-not-learnt': '🚨',
  locked: '🔐',
  unlocked: '🔓',
  'release-mark-cleared': '🧼',
  adopted: '🤝',
  'side-restored': '♻️',
  'side-upgraded': '⬆️',
  'restore-failed': '🚨',
  'release-drifted': '🧬',
  'release-restored': '🧬',
  'configuration-differs': '🧬',
  'configuration-pending': '🧬',
  'configuration-applied': '🧬',
  'build-not-deployed': '✋',
  // Mail that was given up stays in the log: a server that was away for days would fill the channel.
  'page-dropped': '🚨',
  'status-dropped': '📪',
};

/** Rows after which the card of an earlier deployment of the target may show something else. */
const neighbours = new Set([
  'deployment-requested',
  'deployment-finished',
  'slot-claimed',
  'side-stopped',
  'draining',
  'drain-limit',
  'side-restored',
  'side-upgraded',
  'side-restore',
  'side-keep',
  'side-standby',
  'restore-failed',
  'stopped-by-hand',
]);

export function lineFor({
  action,
  deploymentId,
}: AuditRow): { readonly mention: 'approvers' | 'requester' | undefined } | undefined {
  const called = deploymentId === null ? undefined : lines[action];
  return called && { mention: called === 'nobody' ? undefined : called };
}

/** The emoji of the note; a side that serves nobody may be unhealthy without waking anybody. */
export function noteFor({ action, code, detail }: AuditRow): string | undefined {
  // Of what is configured there is a card.
  if (action === 'configuration-pending' && code !== 'not-configured') return undefined;
  if (action === 'health-changed' && (detail.role !== 'active' || code === 'healthy')) return undefined;
  return notes[action];
}

export const touchesNeighbours = ({ action }: AuditRow): boolean => neighbours.has(action);

/** Progress alone: the card may wait its turn. */
const progress = new Set([
  'step-started',
  'undo-started',
  'routing-intended',
  'step-passed',
  'planned',
  'slot-claimed',
  'refused',
]);

export const isUrgent = ({ action }: AuditRow): boolean => !progress.has(action);
