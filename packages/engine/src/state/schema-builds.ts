// The tables about builds and releases that people keep; the constraints stand in migrations/.

import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { Build } from '../builds/build.ts';

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
