// How a separate process opens a MariaDB; the options are its address.

import { systemClock } from '../../lib/clock.ts';
import type { SchemaDatabase } from '../database.ts';
import { mariadbDialect } from '../mariadb/dialect.ts';
import { openMariadb } from '../mariadb/open.ts';

/** As where every commit waits for a disk: else a backfill is over before a kill arrives. */
const commitMs = 15;

export async function open(url: string) {
  const database = await openMariadb({ url, table: 'schema_migrations', clock: systemClock });
  const backfill: SchemaDatabase['backfill'] = async (...batch) => {
    const done = await database.backfill(...batch);
    await systemClock.sleep(commitMs);
    return done;
  };
  return { database: { ...database, backfill }, dialect: mariadbDialect };
}
