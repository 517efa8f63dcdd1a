import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { type DatabaseFixture, databaseContract } from '../contract/database.contract.ts';
import { type MariadbServer, startMariadb } from '../testing/mariadb-server.ts';
import { mariadbDialect } from './dialect.ts';
import { openMariadb } from './open.ts';

let server: MariadbServer;
let made = 0;

beforeAll(async () => {
  server = await startMariadb();
}, 120_000);
afterAll(() => server.stop());

async function makeFixture(): Promise<DatabaseFixture> {
  made += 1;
  const name = `contract_${made}`;
  const service = await server.connect();
  await service.query(`CREATE DATABASE ${name}`);
  await service.query(`USE ${name}`);
  const url = server.url(name);
  return {
    dialect: mariadbDialect,
    undoesSchema: false,
    slowStatement: 'SELECT SLEEP(60)',
    open: (table = 'schema_migrations') => openMariadb({ url, table, clock: systemClock }),
    async query(sql) {
      const [rows] = await service.query(sql);
      return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
    },
    async occupy(table) {
      const holder = await server.connect(name);
      await holder.query('START TRANSACTION');
      await holder.query(`SELECT * FROM ${table} FOR UPDATE`);
      return () => holder.end();
    },
    opener: { module: join(import.meta.dirname, '../testing/mariadb-opener.ts'), options: url },
    async dispose() {
      await service.query(`DROP DATABASE ${name}`);
      await service.end();
    },
  };
}

databaseContract('MariaDB', makeFixture);
