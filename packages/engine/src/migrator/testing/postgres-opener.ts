// Opens a PostgreSQL database for a migrator in a separate process. The options are its address.

import { systemClock } from '../../lib/clock.ts';
import { postgresDialect } from '../postgres/dialect.ts';
import { openPostgres } from '../postgres/open.ts';

export async function open(url: string) {
  await postgresDialect.load();
  return {
    database: await openPostgres({ url, table: 'schema_migrations', clock: systemClock }),
    dialect: postgresDialect,
  };
}
