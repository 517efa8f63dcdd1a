// Requests that wait, as drizzle sees them; constraints and triggers are in migrations/.

import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const waiting = sqliteTable('waiting', {
  id: text().primaryKey(),
  service: text().notNull(),
  target: text().notNull(),
  version: text().notNull(),
  hold: integer({ mode: 'boolean' }).notNull(),
  redeploy: integer({ mode: 'boolean' }).notNull(),
  reason: text(),
  requestedBy: text('requested_by').notNull(),
  requestedAt: integer('requested_at').notNull(),
  /** `2026-12-01 22:00`, in `zone`. */
  wall: text(),
  zone: text(),
  /** The moment that they were when it was asked for. */
  dueAt: integer('due_at'),
  /** Why it goes before the others. */
  firstBecause: text('first_because'),
  status: text().notNull().$type<'scheduled' | 'queued' | 'deployed' | 'cancelled' | 'refused' | 'missed'>(),
  deploymentId: text('deployment_id'),
  endedAt: integer('ended_at'),
  endedBy: text('ended_by'),
  /** Why it was refused or missed. */
  problem: text(),
});
