// A separate process that migrates and prints each step as a line of JSON: what tests kill in the middle.

import { systemClock } from '../../lib/clock.ts';
import type { SchemaDatabase } from '../database.ts';
import type { Dialect } from '../dialect.ts';
import type { Migration } from '../files/migration.ts';
import type { OnlineTool } from '../online-tool.ts';
import { backfill } from '../phases/backfill.ts';
import type { PhaseContext } from '../phases/context.ts';
import { expand } from '../phases/expand.ts';

interface Opened {
  readonly database: SchemaDatabase;
  readonly dialect: Dialect;
  readonly onlineTools?: readonly OnlineTool[];
}

interface Opener {
  open(options: string): Promise<Opened>;
}

const [module = '', options = '', phase = '', files = '[]'] = process.argv.slice(2);
const { database, dialect, onlineTools = [] } = await ((await import(module)) as Opener).open(options);
const context: PhaseContext = {
  database,
  dialect,
  clock: systemClock,
  limits: { lockTimeoutMs: 500, lockTries: 20, lockTotalMs: 30_000, statementTimeoutMs: 30_000 },
  sharedTables: [],
  onlineTools,
  // The lock of one that was killed may take a moment to fall.
  lockWaitMs: 30_000,
  signal: new AbortController().signal,
  say: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
};
const migrations = JSON.parse(files) as Migration[];
if (phase === 'expand') await expand(context, migrations);
else await backfill(context, migrations);
await database.close();
