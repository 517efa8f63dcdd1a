// The migrator in a separate process: one phase, each step is a line of JSON, so that it can be killed anywhere

import { systemClock } from '../../packages/engine/src/lib/clock.ts';
import { readMigrations } from '../../packages/engine/src/migrator/files/read.ts';
import { backfill } from '../../packages/engine/src/migrator/phases/backfill.ts';
import type { PhaseContext } from '../../packages/engine/src/migrator/phases/context.ts';
import { contract } from '../../packages/engine/src/migrator/phases/contract.ts';
import { expand } from '../../packages/engine/src/migrator/phases/expand.ts';
import { postgresDialect } from '../../packages/engine/src/migrator/postgres/dialect.ts';
import { openPostgres } from '../../packages/engine/src/migrator/postgres/open.ts';

const [url = '', phase = '', folder = ''] = process.argv.slice(2);
await postgresDialect.load();
const files = readMigrations(folder);
if (!files.ok) throw new Error(JSON.stringify(files.problems));
const { migrations } = files;
const hazards = postgresDialect.lint(migrations).filter(({ severity }) => severity === 'error');
if (hazards.length > 0) throw new Error(JSON.stringify(hazards));
const database = await openPostgres({ url, table: 'schema_migrations', clock: systemClock });
const context: PhaseContext = {
  database,
  dialect: postgresDialect,
  clock: systemClock,
  limits: { lockTimeoutMs: 500, lockTries: 30, lockTotalMs: 120_000, statementTimeoutMs: 15_000 },
  sharedTables: [],
  lockWaitMs: 30_000,
  signal: new AbortController().signal,
  say: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
};
const phases = {
  expand: () => expand(context, migrations),
  backfill: () => backfill(context, migrations),
  contract: () =>
    contract(
      context,
      migrations,
      migrations.map(({ id }) => id),
    ),
} as const;
await phases[phase as keyof typeof phases]();
await database.close();
