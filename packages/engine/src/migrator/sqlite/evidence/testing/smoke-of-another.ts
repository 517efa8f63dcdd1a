// A process that runs a smoke command on a scratch copy once, so that a test can do it under another account:
//   node smoke-of-another.ts '{"file": …, "argv": […], "account": {…}}'

import Database from 'better-sqlite3';
import type { AccountName } from '../../../../lib/accounts.ts';
import { systemClock } from '../../../../lib/clock.ts';
import { runSmoke } from '../../../evidence/smoke.ts';
import { parseSqlite } from '../../parse.ts';
import { createSqliteScratch } from '../server.ts';

interface Order {
  readonly file: string;
  readonly argv: readonly [string, ...string[]];
  readonly account: AccountName;
}

const { file, argv, account } = JSON.parse(process.argv[2] ?? '') as Order;
const database = new Database(file);
database.exec('CREATE TABLE IF NOT EXISTS users (id INTEGER)');
database.close();
const scratch = createSqliteScratch({
  file,
  addressOf: (copy) => `sqlite:${copy}`,
  table: 'schema_migrations',
  split: parseSqlite,
  clock: systemClock,
});
const signal = AbortSignal.timeout(60_000);
const copy = await scratch.copy(signal);
try {
  const smoke = { argv, cwd: '/', env: {}, timeoutMs: 30_000, account };
  const release = { release: 'v1', runsNow: true, declared: undefined, statements: [], files: [], smoke };
  console.log(JSON.stringify({ value: await runSmoke(copy, release, signal) }));
} finally {
  await copy.drop();
}
