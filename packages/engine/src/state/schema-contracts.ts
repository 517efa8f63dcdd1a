// The tables of contracts, as drizzle sees them; constraints and triggers are in migrations/.

import { integer, primaryKey, sqliteTable, text } from './drizzle.ts';

export const contracts = sqliteTable('contracts', {
  id: text().primaryKey(),
  service: text().notNull(),
  target: text().notNull(),
  /** The release whose contract files are run. */
  version: text().notNull(),
  digest: text().notNull(),
  /** Ids. */
  migrations: text({ mode: 'json' }).notNull().$type<readonly string[]>(),
  /** The text of the files, as approved. */
  statements: text({ mode: 'json' }).notNull().$type<readonly string[]>(),
  /** Versions to which a rollback is impossible afterwards. */
  impossible: text({ mode: 'json' }).notNull().$type<readonly string[]>(),
  requestedBy: text('requested_by').notNull(),
  requestedAt: integer('requested_at').notNull(),
  reason: text(),
  needed: integer().notNull(),
  deadlineAt: integer('deadline_at').notNull(),
  status: text()
    .notNull()
    .$type<'pending' | 'approved' | 'running' | 'done' | 'failed' | 'refused' | 'rejected' | 'expired'>(),
  decidedBy: text('decided_by'),
  decidedAt: integer('decided_at'),
  endedAt: integer('ended_at'),
  /** Why it did not come to its end. */
  problem: text(),
});

export const contractVotes = sqliteTable(
  'contract_votes',
  { contractId: text('contract_id').notNull(), person: text().notNull(), at: integer().notNull() },
  (table) => [primaryKey({ columns: [table.contractId, table.person] })],
);
