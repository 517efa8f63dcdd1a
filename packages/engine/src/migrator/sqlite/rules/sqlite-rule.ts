// What all rules of SQLite are made of.

import type { Rule, Scene } from '../../lint/rule.ts';
import type { SqliteStatement } from '../parse.ts';
import type { History } from './history.ts';

export type SqliteRule = Rule<SqliteStatement, History>;
export type SqliteScene = Scene<History>;

/** A keyword may be a name only in quotes, and there are many keywords: what is not plainly a name is quoted. */
export const quoted = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) && !keywords.has(name) ? name : `"${name.replaceAll('"', '""')}"`;

const keywords = new Set(
  `add all alter and as autoincrement between case check collate column commit constraint create cross current_date current_time
  current_timestamp default deferrable delete desc distinct drop else end escape except exists foreign from full group having if in
  index inner insert intersect into is isnull join key left like limit natural not notnull null on or order outer plan primary
  references release right rollback row select set table temp then to transaction trigger union unique update using values view when
  where with`.split(/\s+/),
);
