// PostgreSQL, as the configuration and the engine know it.

import { matching } from '../../config/kit/values.ts';
import { sqlDriver } from '../driver.ts';
import { postgresDialect } from './dialect.ts';
import { createPostgresScratch } from './evidence/server.ts';
import { readPostgresUse } from './evidence/use.ts';
import { identityOf } from './identity.ts';
import { openPostgres } from './open.ts';

export const postgres = sqlDriver<{ readonly applicationRole?: string | undefined }>({
  name: 'postgres',
  summary: 'PostgreSQL',
  address: 'postgres://…',
  dialect: postgresDialect,
  keys: {
    applicationRole: matching(/^[^\s\p{Cc}"']{1,63}$/u, 'the name of a role of PostgreSQL')
      .describe(
        'The role that the service itself connects as, where it is another than that of url: its statements are tried with its rights. PostgreSQL only. Default: the role of url.',
      )
      .optional(),
  },
  connections: ({ settings: { table, scratch, applicationRole }, filledIn, clock }) => ({
    identity: identityOf,
    connect: (url, onStatement) => openPostgres({ url, table, clock, onStatement }),
    readUse: readPostgresUse,
    scratch: (productionUrl, replayed) =>
      scratch === undefined
        ? undefined
        : createPostgresScratch({
            scratchUrl: filledIn(scratch),
            productionUrl,
            applicationRole,
            allowSameServer: false,
            pgDump: 'pg_dump',
            replayed,
            ledgerTables: [table, `${table}_catalog`],
            split: (text) => postgresDialect.split(text),
            clock,
          }),
  }),
});
