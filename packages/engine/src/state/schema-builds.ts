// The tables of builds and pinned releases; the constraints are in migrations/.

import type { Build, BuildActor } from '../domain/build.ts';
import { integer, primaryKey, sqliteTable, text } from './drizzle.ts';

export const builds = sqliteTable('builds', {
  id: integer().primaryKey({ autoIncrement: true }),
  service: text().notNull(),
  version: text().notNull(),
  conclusion: text().notNull().$type<Build['conclusion']>(),
  host: text().notNull(),
  repository: text(),
  branch: text(),
  run: text(),
  facts: text({ mode: 'json' }).notNull().$type<Build>(),
  announcedAt: integer('announced_at').notNull(),
});

export const hands = sqliteTable(
  'hands',
  {
    host: text().notNull(),
    /** In small letters, since hosts take no notice of them. */
    repository: text().notNull(),
    /** A commit, or `#7` for a request. */
    subject: text().notNull(),
    actors: text({ mode: 'json' }).notNull().$type<readonly BuildActor[]>(),
    at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.host, table.repository, table.subject] })],
);

export const pins = sqliteTable(
  'pins',
  {
    service: text().notNull(),
    version: text().notNull(),
    by: text().notNull(),
    reason: text().notNull(),
    at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.service, table.version] })],
);
