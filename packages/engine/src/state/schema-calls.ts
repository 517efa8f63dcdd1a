// What monitoring systems asked for, as drizzle sees it; constraints and triggers are in migrations/.

import { integer, sqliteTable, text } from './drizzle.ts';

export const monitoringCalls = sqliteTable('monitoring_calls', {
  id: integer().primaryKey({ autoIncrement: true }),
  caller: text().notNull(),
  /** What its sender groups alerts by. */
  group: text('call_group').notNull(),
  act: text().notNull().$type<'rollback' | 'pause' | 'lock'>(),
  service: text().notNull(),
  target: text().notNull(),
  /** Which of the rules about this act and target, by its labels. */
  rule: text().notNull(),
  /** For people. */
  alert: text().notNull(),
  startsAt: integer('starts_at').notNull(),
  receivedAt: integer('received_at').notNull(),
  /** When the alert is old enough. */
  dueAt: integer('due_at').notNull(),
  /** `nothing`: it was so already. `withdrawn`: resolved before its time. */
  status: text().notNull().$type<'waiting' | 'done' | 'nothing' | 'refused' | 'withdrawn'>(),
  endedAt: integer('ended_at'),
  deploymentId: text('deployment_id'),
  resolvedAt: integer('resolved_at'),
});
