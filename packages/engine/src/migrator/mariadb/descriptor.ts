// MariaDB, as the configuration and the engine know it.

import { sqlDriver } from '../driver.ts';
import { mariadbDialect } from './dialect.ts';
import { createMariadbScratch } from './evidence/server.ts';
import { readMariadbUse } from './evidence/use.ts';
import { identityOf } from './identity.ts';
import { openMariadb } from './open.ts';

export const mariadb = sqlDriver({
  name: 'mariadb',
  summary: 'MariaDB; it speaks to MySQL as well, which is untested',
  address: 'mariadb://…',
  dialect: mariadbDialect,
  connections: ({ settings: { table, scratch }, filledIn, clock }) => ({
    identity: identityOf,
    connect: (url, onStatement) => openMariadb({ url, table, clock, onStatement }),
    readUse: readMariadbUse,
    scratch: (productionUrl) =>
      scratch === undefined
        ? undefined
        : createMariadbScratch({ scratchUrl: filledIn(scratch), productionUrl, allowSameServer: false, table, clock }),
  }),
});
