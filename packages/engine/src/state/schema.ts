// The tables of the engine's own database as drizzle sees them; the constraints and triggers are in migrations/.

import type { Direction, Mode, OnTimeout, OutcomeKind, Phase, Plan, StepStatus } from '../domain/deployment.ts';
import type { EndCode } from '../domain/reasons.ts';
import type { Origin } from '../domain/release.ts';
import type { Role, SlotName } from '../domain/target.ts';
import type { ProcessMark } from '../lib/process-mark.ts';
import { integer, primaryKey, sqliteTable, text } from './drizzle.ts';

export type SlotLabel = 'failed' | 'aborted' | 'kept' | 'upgrading';

export const meta = sqliteTable('meta', { key: text().primaryKey(), value: text().notNull() });

export const releases = sqliteTable(
  'releases',
  {
    service: text().notNull(),
    version: text().notNull(),
    digest: text().notNull(),
    folder: text().notNull(),
    /** Commit and author, as the build said. */
    origin: text({ mode: 'json' }).$type<Origin>(),
    registeredAt: integer('registered_at').notNull(),
    /** Of all files together. */
    bytes: integer(),
    files: integer(),
    notes: text(),
  },
  (table) => [primaryKey({ columns: [table.service, table.version] })],
);

export const targets = sqliteTable(
  'targets',
  {
    service: text().notNull(),
    target: text().notNull(),
    generation: integer().notNull(),
    confirmedGeneration: integer('confirmed_generation').notNull(),
    active: text().$type<SlotName>(),
    canarySlot: text('canary_slot').$type<SlotName>(),
    canaryPercent: integer('canary_percent'),
    preview: text().$type<SlotName>(),
  },
  (table) => [primaryKey({ columns: [table.service, table.target] })],
);

export const slots = sqliteTable(
  'slots',
  {
    service: text().notNull(),
    target: text().notNull(),
    slot: text().notNull().$type<SlotName>(),
    role: text().notNull().$type<Role>(),
    version: text(),
    digest: text(),
    deploymentId: text('deployment_id'),
    since: integer().notNull(),
    /** Why a side that serves no users is still running. */
    label: text().$type<SlotLabel>(),
    keepUntil: integer('keep_until'),
    /** The release that was here before the present one: a failed side is restored to it. */
    displacedVersion: text('displaced_version'),
    restarts: integer().notNull(),
    nextRestartAt: integer('next_restart_at'),
  },
  (table) => [primaryKey({ columns: [table.service, table.target, table.slot] })],
);

export const deployments = sqliteTable('deployments', {
  id: text().primaryKey(),
  service: text().notNull(),
  target: text().notNull(),
  version: text().notNull(),
  digest: text(),
  mode: text().notNull().$type<Mode>(),
  slot: text().notNull().$type<SlotName>(),
  fromSlot: text('from_slot').$type<SlotName>(),
  fromVersion: text('from_version'),
  fromDigest: text('from_digest'),
  hold: integer({ mode: 'boolean' }).notNull(),
  reason: text(),
  requestedBy: text('requested_by').notNull(),
  requestedAt: integer('requested_at').notNull(),
  plan: text({ mode: 'json' }).$type<Plan>(),
  planHash: text('plan_hash'),
  position: integer().notNull(),
  direction: text().notNull().$type<Direction>(),
  phase: text().notNull().$type<Phase>(),
  stateVersion: integer('state_version').notNull(),
  promotedAt: integer('promoted_at'),
  pausedBy: text('paused_by'),
  pausedAt: integer('paused_at'),
  causeCode: text('cause_code').$type<EndCode>(),
  cause: text(),
  causeActor: text('cause_actor'),
  outcome: text().$type<OutcomeKind>(),
  finishedAt: integer('finished_at'),
});

export const steps = sqliteTable(
  'steps',
  {
    deploymentId: text('deployment_id').notNull(),
    position: integer().notNull(),
    direction: text().notNull().$type<Direction>(),
    name: text().notNull(),
    status: text().notNull().$type<StepStatus>(),
    attempts: integer().notNull(),
    startedAt: integer('started_at').notNull(),
    endedAt: integer('ended_at'),
    note: text({ mode: 'json' }).$type<Readonly<Record<string, unknown>>>(),
  },
  (table) => [primaryKey({ columns: [table.deploymentId, table.position, table.direction] })],
);

export const approvals = sqliteTable('approvals', {
  id: text().primaryKey(),
  deploymentId: text('deployment_id').notNull(),
  position: integer().notNull(),
  planHash: text('plan_hash').notNull(),
  needed: integer().notNull(),
  askedAt: integer('asked_at').notNull(),
  deadlineAt: integer('deadline_at').notNull(),
  onTimeout: text('on_timeout').notNull().$type<OnTimeout>(),
  status: text().notNull().$type<'pending' | 'approved' | 'rejected' | 'expired' | 'cancelled'>(),
  decidedBy: text('decided_by'),
  decidedAt: integer('decided_at'),
  reason: text(),
});

export const votes = sqliteTable(
  'votes',
  { approvalId: text('approval_id').notNull(), person: text().notNull(), at: integer().notNull() },
  (table) => [primaryKey({ columns: [table.approvalId, table.person] })],
);

export const signals = sqliteTable('signals', {
  seq: integer().primaryKey({ autoIncrement: true }),
  deploymentId: text('deployment_id').notNull(),
  kind: text().notNull().$type<'abort' | 'promote' | 'promote-full'>(),
  /** The step it was meant for: a second click must not skip the next one. */
  position: integer().notNull(),
  actor: text().notNull(),
  reason: text(),
  at: integer().notNull(),
  consumedAt: integer('consumed_at'),
});

export const locks = sqliteTable(
  'locks',
  {
    service: text().notNull(),
    target: text().notNull(),
    owner: text().notNull(),
    reason: text().notNull(),
    since: integer().notNull(),
    until: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.service, table.target] })],
);

export const quarantine = sqliteTable('quarantine', {
  digest: text().primaryKey(),
  service: text().notNull(),
  version: text().notNull(),
  reason: text().notNull(),
  by: text().notNull(),
  at: integer().notNull(),
});

export const audit = sqliteTable('audit', {
  seq: integer().primaryKey({ autoIncrement: true }),
  at: integer().notNull(),
  actor: text().notNull(),
  action: text().notNull(),
  service: text(),
  target: text(),
  deploymentId: text('deployment_id'),
  code: text(),
  sentence: text().notNull(),
  detail: text().notNull(),
  previousHash: text('previous_hash').notNull(),
  hash: text().notNull(),
});

export const heads = sqliteTable('heads', {
  seq: integer().primaryKey(),
  hash: text().notNull(),
  publishedAt: integer('published_at').notNull(),
  place: text().notNull(),
});

/** The process that holds a lease, and until when by the monotonic clock of its boot. */
export interface LeaseHolder extends ProcessMark {
  readonly token: number;
  readonly untilMs: number;
}

export const leases = sqliteTable('leases', {
  name: text().primaryKey(),
  holder: text().notNull(),
  token: integer().notNull(),
  expiresAt: integer('expires_at').notNull(),
  configDigest: text('config_digest').notNull(),
  /** Belongs to the row only while its token is the row's: a version before this one writes none. */
  held: text({ mode: 'json' }).$type<LeaseHolder>(),
});

export const cursors = sqliteTable('cursors', { consumer: text().primaryKey(), position: integer().notNull() });

export const outbox = sqliteTable('outbox', {
  key: text().primaryKey(),
  transport: text().notNull(),
  kind: text().notNull(),
  payload: text({ mode: 'json' }).notNull().$type<unknown>(),
  version: integer().notNull(),
  sentVersion: integer('sent_version').notNull(),
  urgent: integer({ mode: 'boolean' }).notNull(),
  final: integer({ mode: 'boolean' }).notNull(),
  createdAt: integer('created_at').notNull(),
  attempts: integer().notNull(),
  nextAt: integer('next_at').notNull(),
  /** Where the transport put it, e.g. channel and ts: what a later update needs. */
  reference: text({ mode: 'json' }).$type<unknown>(),
  problem: text(),
});

export const snapshots = sqliteTable('snapshots', {
  key: text().primaryKey(),
  at: integer().notNull(),
  value: text({ mode: 'json' }).notNull().$type<unknown>(),
});

export const seen = sqliteTable('seen', { key: text().primaryKey(), expiresAt: integer('expires_at').notNull() });

/** Stored under earlier words: the table is `strangers`, the entry point is in its column `door`. */
export const unauthenticatedRequests = sqliteTable(
  'strangers',
  {
    minute: integer().notNull(),
    entryPoint: text('door').notNull(),
    source: text().notNull(),
    count: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.minute, table.entryPoint, table.source] })],
);
