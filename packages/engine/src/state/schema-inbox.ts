// The tables of deliveries; the constraints are in migrations/.

import type { DeliveryState } from '../domain/inbox.ts';
import { blob, integer, sqliteTable, text } from './drizzle.ts';

export const inbox = sqliteTable('inbox', {
  id: integer().primaryKey({ autoIncrement: true }),
  hook: text().notNull(),
  delivery: text().notNull(),
  content: text().notNull(),
  kind: text().notNull(),
  receivedAt: integer('received_at').notNull(),
  state: text().notNull().default('waiting').$type<DeliveryState>(),
  attempts: integer().notNull().default(0),
  nextAt: integer('next_at').notNull(),
  settledAt: integer('settled_at'),
  sentence: text(),
  answer: text({ mode: 'json' }).$type<unknown>(),
  /** Of the body as it came. */
  bytes: integer().notNull(),
  hasBody: integer('has_body', { mode: 'boolean' }).notNull().default(true),
});

/** Every waiting delivery has one; of the others only the latest. */
export const inboxBodies = sqliteTable('inbox_bodies', {
  id: integer().primaryKey(),
  body: blob({ mode: 'buffer' }).notNull(),
});
