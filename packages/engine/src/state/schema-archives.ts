// Archives of the audit log, as drizzle sees them; constraints and triggers are in migrations/.

import { integer, sqliteTable, text } from './drizzle.ts';

export const archives = sqliteTable('archives', {
  lastSeq: integer('last_seq').primaryKey(),
  firstSeq: integer('first_seq').notNull(),
  /** Of the row before the first one; zeros where the log begins. */
  previousHash: text('previous_hash').notNull(),
  lastHash: text('last_hash').notNull(),
  firstAt: integer('first_at').notNull(),
  lastAt: integer('last_at').notNull(),
  /** Its name, without the folder. */
  file: text().notNull(),
  bytes: integer().notNull(),
  sha256: text().notNull(),
  /** How many of its rows stay in the state too, and a digest of their hashes. */
  retained: integer().notNull(),
  retainedDigest: text('retained_digest').notNull(),
  /** The row of the log that says all this. */
  recordedIn: integer('recorded_in').notNull(),
});

/** Rows of archives that stay in the log as well. */
export const retained = sqliteTable('retained', { seq: integer().primaryKey() });
