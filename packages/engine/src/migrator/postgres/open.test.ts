import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { type DatabaseFixture, databaseContract } from '../contract/database.contract.ts';
import { type PostgresServer, postgresSources, startPostgres } from '../testing/postgres-server.ts';
import { postgresDialect } from './dialect.ts';
import { openPostgres } from './open.ts';

describe.each(postgresSources)('of %s', (source) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres(source);
  });
  afterAll(() => server?.stop());

  databaseContract('PostgreSQL', async (): Promise<DatabaseFixture> => {
    await postgresDialect.load();
    const name = await server.createDatabase();
    const url = server.url(name);
    const service = new Client({ connectionString: url });
    await service.connect();
    return {
      dialect: postgresDialect,
      undoesSchema: true,
      slowStatement: 'SELECT pg_sleep(60);',
      open: (table = 'schema_migrations') => openPostgres({ url, table, clock: systemClock }),
      query: async (sql) => (await service.query(sql)).rows ?? [],
      occupy: async (table) => {
        await service.query(`BEGIN; LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`);
        return async () => {
          await service.query('ROLLBACK');
        };
      },
      opener: { module: join(import.meta.dirname, '../testing/postgres-opener.ts'), options: url },
      dispose: async () => {
        await service.end();
        await server.dropDatabase(name);
      },
    };
  });
});
