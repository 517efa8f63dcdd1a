// Opens a SQLite file for a migrator in a separate process. The options are its path.

import { systemClock } from '../../lib/clock.ts';
import type { Dialect } from '../dialect.ts';
import { openSqlite } from '../sqlite/open.ts';
import { fingerprintSqlite, parseSqlite } from '../sqlite/parse.ts';

const dialect: Dialect = {
  kind: 'sqlite',
  module: import.meta.url,
  transactionalSchema: true,
  batchMs: 100,
  rules: [],
  load: async () => undefined,
  split: parseSqlite,
  fingerprint: fingerprintSqlite,
  lint: () => [],
};

export async function open(file: string, table = 'schema_migrations') {
  return {
    database: await openSqlite({
      file,
      table,
      clock: systemClock,
      split: dialect.split,
      ownLimits: { lockTimeoutMs: 1_000, lockTries: 10, lockTotalMs: 10_000, statementTimeoutMs: 30_000 },
    }),
    dialect,
  };
}
