import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type DatabaseFixture, databaseContract } from '../contract/database.contract.ts';
import { open } from '../testing/sqlite-opener.ts';

databaseContract('SQLite', async (): Promise<DatabaseFixture> => {
  const folder = mkdtempSync(join(tmpdir(), 'bg-sqlite-'));
  const file = join(folder, 'app.sqlite');
  const service = new Database(file, { timeout: 10_000 });
  service.pragma('journal_mode = WAL');
  const { database, dialect } = await open(file);
  await database.close();
  return {
    dialect,
    undoesSchema: true,
    slowStatement: `CREATE TABLE slow AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 100000000000)
      SELECT count(*) AS n FROM c;`,
    open: async (table) => (await open(file, table)).database,
    query: async (sql) => {
      const statement = service.prepare<[], Record<string, unknown>>(sql);
      return statement.reader ? statement.all() : ([statement.run()].slice(1) as never[]);
    },
    occupy: async () => {
      service.exec('BEGIN IMMEDIATE');
      return async () => {
        service.exec('ROLLBACK');
      };
    },
    opener: { module: join(import.meta.dirname, '../testing/sqlite-opener.ts'), options: file },
    dispose: async () => {
      service.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});
