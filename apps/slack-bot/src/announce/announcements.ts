// What Slack shows of each action of the audit log, and how. A new action is a type error here until it has its entry.

import type { AuditAction, AuditRead } from '@bg/engine';

interface Announcement {
  /** A line in the deployment's thread, and whom it calls. */
  readonly line?: 'approvers' | 'requester' | 'none';
  /** A message in the target's channel, with this sign. */
  readonly note?: string;
  /** A separate message, which the bot updates when its subject changes. */
  readonly message?: 'build-alert' | 'configuration' | 'contract' | 'delivery' | 'drift' | 'incident';
  /** Messages to single people. */
  readonly direct?: 'deployment' | 'lock';
  /** The cards of builds may show something else. */
  readonly builds?: true;
  /** The card of an earlier deployment of the target may show something else. */
  readonly neighbours?: true;
  /** Only progress: the card may wait its turn. */
  readonly waits?: true;
}

// Mail that is given up has no note: a mail server that is away for days would fill the channel.
const announcements = {
  // A deployment, from the request to its end.
  'deployment-requested': { direct: 'deployment', builds: true, neighbours: true },
  planned: { waits: true },
  'step-started': { waits: true },
  'step-done': {},
  'step-passed': { waits: true },
  'step-failed': { line: 'none' },
  'step-undone': {},
  'undo-started': { waits: true },
  'turned-back': {},
  'signal-taken': {},
  'deployment-finished': { line: 'none', direct: 'deployment', builds: true, neighbours: true },
  // What people decide.
  'approval-asked': { line: 'approvers' },
  'approval-reminder': { line: 'approvers' },
  'approval-extended': { line: 'none' },
  'glass-broken': { line: 'approvers', note: '🧯' },
  'approval-expired': { line: 'none' },
  approved: { line: 'none' },
  'approval-counted': { line: 'none' },
  rejected: { line: 'none' },
  'promoted-on': { line: 'none' },
  paused: { line: 'none' },
  resumed: { line: 'none' },
  'author-good': { line: 'none' },
  'author-stopped': { line: 'requester' },
  'abort-asked': { line: 'none' },
  'rollback-asked': { line: 'none' },
  locked: { note: '🔐' },
  'lock-reminder': { note: '🔐', direct: 'lock' },
  'staleness-reminder': { note: '🐌' },
  unlocked: { note: '🔓', direct: 'lock' },
  'automation-suspended': { note: '⏸️', neighbours: true },
  'automation-resumed': { note: '▶️', neighbours: true },
  refused: { waits: true },
  'strangers-refused': {},
  // Deployments that wait.
  'deployment-queued': { note: '🕒' },
  'deployment-scheduled': { note: '🕒' },
  'request-cancelled': { note: '🗑️' },
  'request-refused': { note: '✋' },
  'request-missed': { note: '🚨' },
  'request-first': { note: '🚑' },
  // What monitoring systems asked for.
  'monitor-called': { line: 'requester', note: '📟' },
  'monitor-waits': { note: '📟' },
  'monitor-lifted': { line: 'none', note: '📟' },
  // Freezes and their calendars.
  'freeze-near': { note: '🧊' },
  'freeze-holds': { line: 'requester' },
  'freeze-passed': { line: 'none' },
  'freeze-overridden': { line: 'none', note: '🧊' },
  'calendar-failed': { note: '🚨' },
  'calendar-read': { note: '🧊' },
  // Slots and what runs in them.
  'slot-claimed': { neighbours: true, waits: true },
  'slot-given-back': {},
  'failed-side-kept': {},
  'side-stopped': { neighbours: true },
  'side-restored': { note: '♻️', neighbours: true },
  'side-upgraded': { note: '⬆️', neighbours: true },
  'side-restore': { neighbours: true },
  'side-keep': { neighbours: true },
  'side-standby': { neighbours: true },
  'scale-asked': {},
  'scale-step': {},
  scaled: { neighbours: true },
  'scale-failed': { neighbours: true },
  'restore-failed': { note: '🚨', neighbours: true },
  draining: { neighbours: true },
  'drain-limit': { neighbours: true },
  'started-by-hand': {},
  'start-failed': {},
  'stopped-by-hand': { neighbours: true },
  'orphans-cleared': {},
  dismantled: {},
  'roles-moving': {},
  'roles-handed-over': { note: '👷' },
  'roles-stopped': { note: '👷' },
  // Health.
  'health-changed': { message: 'incident' },
  crashed: { message: 'incident' },
  restarted: { message: 'incident' },
  'restart-failed': { message: 'incident' },
  recovered: { message: 'incident' },
  'role-crashed': { note: '💥' },
  'role-restarted': { note: '🔁' },
  'role-restart-failed': { note: '🚨' },
  'role-paged': { note: '🚨' },
  'role-recovered': { note: '🩹' },
  'smoke-changed': { note: '🧪' },
  'readiness-changed': { note: '🐢' },
  'drill-asked': {},
  'drill-ended': { note: '🚨' },
  'guard-acted': { message: 'incident' },
  'guard-paged': { message: 'incident' },
  'guard-exhausted': { message: 'incident' },
  'guard-ended': { message: 'incident' },
  // Routing, and what is known of it.
  'routing-intended': { waits: true },
  'routing-applied': {},
  'routing-adopted': { note: '🧭', message: 'drift' },
  'routing-restored': { note: '🧭', message: 'drift' },
  'balancer-restarted': { note: '🔁' },
  'drift-found': { message: 'drift' },
  'drift-resolved': { note: '🧭', message: 'drift' },
  adopted: { note: '🤝' },
  'state-learnt': { note: '🧩' },
  'state-not-learnt': { note: '🚨' },
  'state-relearn-asked': {},
  'state-rebuild-asked': {},
  'clock-jumped': {},
  'audit-broken': { note: '🚨' },
  'state-archived': {},
  'machine-suspended': {},
  // Releases and configuration.
  registered: {},
  'release-fetched': {},
  'release-refused': {},
  'release-pinned': {},
  'release-unpinned': {},
  'release-pruned': {},
  'image-pruned': {},
  'release-marked-bad': {},
  'release-mark-cleared': { note: '🧼' },
  'release-drifted': { note: '🧬' },
  'release-restored': { note: '🧬' },
  'configuration-pending': { note: '🧬', message: 'configuration' },
  'configuration-applied': { note: '🧬', message: 'configuration' },
  'configuration-settled': { message: 'configuration' },
  'configuration-left': { message: 'configuration' },
  'configuration-differs': { note: '🧬' },
  // Schemas.
  'schema-changed': { line: 'none' },
  'schema-warning': { line: 'none' },
  'migrate-begun': {},
  'migrate-done': {},
  'migrate-tried': {},
  'migrate-failed': {},
  'backfill-begun': { line: 'none' },
  'backfill-done': { line: 'none' },
  'backfill-warning': { line: 'none' },
  'backfill-failed': { line: 'requester' },
  'backfill-paused': { note: '⏸️' },
  'backfill-resumed': { note: '▶️' },
  'contract-asked': { message: 'contract' },
  'contract-approved': { message: 'contract' },
  'contract-restore-point': {},
  'contract-begun': { message: 'contract' },
  'contract-resumed': { note: '▶️', message: 'contract' },
  'contract-continued': {},
  'contract-ended': { message: 'contract' },
  // Builds and deliveries.
  'build-announced': { builds: true },
  'build-artifact': { builds: true },
  'build-conflict': { message: 'build-alert' },
  'build-failed': { message: 'build-alert' },
  'build-mended': { message: 'build-alert' },
  'build-hands': {},
  'build-not-deployed': { note: '✋', builds: true },
  'delivery-done': { message: 'delivery' },
  'delivery-ignored': { message: 'delivery' },
  'delivery-parked': { message: 'delivery' },
  'delivery-replayed': { message: 'delivery' },
  // Messages that were given up.
  'mail-dropped': {},
  'page-dropped': { note: '🚨' },
  'status-dropped': { note: '📪' },
} as const satisfies Readonly<Record<AuditAction, Announcement>>;

/** The actions of which this is announced. */
export type Announced<Name extends keyof Announcement, Value extends Announcement[Name]> = {
  [Action in AuditAction]: (typeof announcements)[Action] extends Readonly<Record<Name, Value>> ? Action : never;
}[AuditAction];

/** Narrows to the events of which this is announced: what reads a detail compiles only if each of them has it. */
export function announces<const Name extends keyof Announcement, const Value extends Announcement[Name]>(
  event: AuditRead,
  name: Name,
  value: Value,
): event is AuditRead<Announced<Name, Value>> {
  return announcementOf(event)[name] === value;
}

const announcementOf = ({ action }: Pick<AuditRead, 'action'>): Announcement => announcements[action];

export function lineFor(event: AuditRead): { readonly mention: 'approvers' | 'requester' | undefined } | undefined {
  const called = event.deploymentId === null ? undefined : announcementOf(event).line;
  return called && { mention: called === 'none' ? undefined : called };
}

/** The sign of the note; a side that serves no users may be unhealthy without a message. */
export function noteFor(event: AuditRead): string | undefined {
  // Of what is configured there is a card.
  if (event.action === 'configuration-pending' && event.code !== 'not-configured') return undefined;
  if (event.action === 'readiness-changed' && event.detail.worse !== true) return undefined;
  if (event.action === 'drill-ended' && event.code !== 'failed') return undefined;
  // A standby that fails makes a rollback slow, which is announced.
  if (event.action === 'smoke-changed' && event.detail.role !== 'active') return undefined;
  return announcementOf(event).note;
}

export const isUrgent = (event: AuditRead): boolean => announcementOf(event).waits !== true;
