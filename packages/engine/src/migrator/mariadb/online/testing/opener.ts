// How a separate process opens a MariaDB where a tool may work; the options are its address.

import { systemClock } from '../../../../lib/clock.ts';
import { mariadbDialect } from '../../dialect.ts';
import { openMariadb } from '../../open.ts';
import { ptOsc } from './pt-osc.ts';

export async function open(url: string) {
  const database = await openMariadb({ url, table: 'schema_migrations', clock: systemClock });
  // Slow enough for a kill to arrive in the middle.
  return { database, dialect: mariadbDialect, onlineTools: [ptOsc(['--chunk-size=500', '--sleep=0.02'])] };
}
