// Which actions of the audit log are reported outside of Slack, and where. A new action does not compile until it is listed
// here, and a reader that must report it does not compile until it does.

import { type AuditAction, type AuditRead, type AuditRow, readEvent } from './audit-events.ts';

interface Reports {
  /** By mail. */
  readonly mail?: true;
  /** It begins or ends what people are paged for. */
  readonly pager?: true;
  /** As a status of a deployment on GitHub. */
  readonly github?: true;
  /** As a CDEvent. */
  readonly cdevents?: true;
  /** As a trace of OpenTelemetry. */
  readonly traces?: true;
}

const reports = {
  // A deployment, from the request to its end.
  'deployment-requested': { github: true },
  planned: { github: true },
  'step-started': {},
  'step-done': {},
  'step-passed': {},
  'step-failed': {},
  'step-undone': {},
  'undo-started': {},
  'turned-back': {},
  'signal-taken': {},
  'deployment-finished': { mail: true, pager: true, github: true, cdevents: true, traces: true },
  // What people decide.
  'approval-asked': { mail: true },
  'approval-reminder': { mail: true },
  'approval-extended': {},
  'glass-broken': { mail: true, pager: true },
  'approval-expired': {},
  approved: {},
  'approval-counted': {},
  rejected: {},
  'promoted-on': {},
  paused: {},
  resumed: {},
  'author-good': {},
  'author-stopped': {},
  'abort-asked': {},
  'rollback-asked': {},
  locked: {},
  unlocked: {},
  'lock-reminder': {},
  'staleness-reminder': {},
  'automation-suspended': {},
  'automation-resumed': {},
  refused: {},
  'strangers-refused': {},
  // Deployments that wait.
  'deployment-queued': {},
  'deployment-scheduled': {},
  'request-cancelled': {},
  'request-refused': {},
  'request-missed': {},
  'request-first': {},
  // What monitoring systems asked for.
  'monitor-called': {},
  'monitor-waits': {},
  'monitor-lifted': {},
  // Freezes and their calendars.
  'freeze-near': {},
  'freeze-holds': {},
  'freeze-passed': {},
  'freeze-overridden': {},
  'calendar-failed': {},
  'calendar-read': {},
  // Slots and what runs in them.
  'slot-claimed': {},
  'slot-given-back': {},
  'failed-side-kept': {},
  'side-stopped': {},
  'side-restored': { mail: true },
  'side-upgraded': {},
  'side-restore': {},
  'side-keep': {},
  'side-standby': {},
  'restore-failed': {},
  draining: {},
  'drain-limit': {},
  'started-by-hand': {},
  'start-failed': {},
  'stopped-by-hand': {},
  'scale-asked': {},
  'scale-step': {},
  scaled: {},
  'scale-failed': {},
  'orphans-cleared': {},
  dismantled: { cdevents: true },
  'roles-moving': {},
  'roles-handed-over': {},
  'roles-stopped': {},
  // Health.
  'health-changed': {},
  crashed: {},
  restarted: {},
  'restart-failed': {},
  recovered: {},
  'role-crashed': {},
  'role-restarted': {},
  'role-restart-failed': {},
  'role-paged': { pager: true },
  'role-recovered': { pager: true },
  'smoke-changed': {},
  'readiness-changed': {},
  'drill-asked': {},
  'drill-ended': {},
  'guard-acted': {},
  'guard-paged': { pager: true },
  'guard-exhausted': { pager: true },
  'guard-ended': { pager: true },
  // Routing, and what is known of it.
  'routing-intended': {},
  'routing-applied': {},
  'routing-adopted': {},
  'routing-restored': {},
  'balancer-restarted': {},
  'drift-found': {},
  'drift-resolved': {},
  adopted: {},
  'state-learnt': {},
  'state-not-learnt': {},
  'state-relearn-asked': {},
  'state-rebuild-asked': {},
  'clock-jumped': {},
  'audit-broken': {},
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
  'release-mark-cleared': {},
  'release-drifted': {},
  'release-restored': {},
  'configuration-pending': {},
  'configuration-applied': {},
  'configuration-settled': {},
  'configuration-left': {},
  'configuration-differs': {},
  // Schemas.
  'schema-changed': {},
  'schema-warning': {},
  'migrate-begun': {},
  'migrate-done': {},
  'migrate-tried': {},
  'migrate-failed': {},
  'backfill-begun': {},
  'backfill-done': {},
  'backfill-warning': {},
  'backfill-failed': {},
  'backfill-paused': {},
  'backfill-resumed': {},
  'contract-asked': {},
  'contract-approved': {},
  'contract-restore-point': {},
  'contract-begun': {},
  'contract-resumed': {},
  'contract-continued': {},
  'contract-ended': {},
  // Builds and deliveries.
  'build-announced': {},
  'build-artifact': {},
  'build-conflict': {},
  'build-failed': { mail: true },
  'build-mended': { mail: true },
  'build-hands': {},
  'build-not-deployed': {},
  'delivery-done': {},
  'delivery-ignored': {},
  'delivery-parked': {},
  'delivery-replayed': {},
  // Messages that were given up.
  'mail-dropped': {},
  'page-dropped': {},
  'status-dropped': {},
} as const satisfies Readonly<Record<AuditAction, Reports>>;

/** Those that one reader reports: its switch over them has no default but `never`. */
type ReportedBy<Reader extends keyof Reports> = {
  [Action in AuditAction]: (typeof reports)[Action] extends Readonly<Record<Reader, true>> ? Action : never;
}[AuditAction];

/** Undefined where the reader reports nothing of this row. */
export function eventFor<Reader extends keyof Reports>(reader: Reader, row: AuditRow) {
  const event = readEvent(row);
  return event !== undefined && isReportedBy(reader, event) ? event : undefined;
}

function isReportedBy<Reader extends keyof Reports>(
  reader: Reader,
  event: AuditRead,
): event is AuditRead<ReportedBy<Reader>> {
  const where: Reports = reports[event.action];
  return where[reader] === true;
}
