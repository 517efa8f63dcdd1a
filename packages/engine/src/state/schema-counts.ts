// Numbers of instances, as drizzle sees them; constraints are in migrations/.

import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { SlotName } from '../domain/target.ts';

export const slotCounts = sqliteTable(
  'slot_counts',
  {
    service: text().notNull(),
    target: text().notNull(),
    slot: text().notNull().$type<SlotName>(),
    instances: integer(),
    scaleFrom: integer('scale_from'),
    scaleTo: integer('scale_to'),
    admitted: integer(),
    scaleBy: text('scale_by'),
    scaleSince: integer('scale_since'),
    scaleProblem: text('scale_problem'),
  },
  (table) => [primaryKey({ columns: [table.service, table.target, table.slot] })],
);
