// A column of a table of two million rows is renamed under 300 transactions a second: expand, backfill and contract in three
// deployments, and the migrator is killed five times. For comparison: the same as one ALTER and one UPDATE.

import { setTimeout as delay } from 'node:timers/promises';
import { type PostgresServer, startPostgres } from '../../packages/engine/src/migrator/testing/postgres-server.ts';
import { bars } from '../bars.ts';
import { type Bench, type BenchOptions, type Figure, median, percentile } from '../figures.ts';
import { differingRows, fill } from './customers.ts';
import { migrate, type PhaseName } from './migrator.ts';
import { facts, pageOf } from './page.ts';
import { failuresOf, linesOf, longest, type Tally, waitsOf } from './tally.ts';
import { startUsers, type Users } from './users.ts';

const rate = 300;
const half = rate / 2;
const quietMs = 10_000;
const allRows = 2_000_000;
/** Shares of the rows that are filled when the migrator is killed; before that it is killed once in expand. */
const killsAt = [0.1, 0.3, 0.5, 0.7];
const plainName = 'ALTER and UPDATE in one transaction';

export const migrateBench: Bench = {
  title: 'migrate',
  how: `${allRows / 1e6} million rows on PostgreSQL with fsync, a column renamed under ${rate} transactions a second`,
  limitMs: 30 * 60_000,
  run: async (say, signal, { rows = allRows }: BenchOptions) => {
    const server = await startPostgres('Debian', {
      settings: ['fsync = on', 'full_page_writes = on', 'shared_buffers = 256MB', 'max_wal_size = 4GB'],
    });
    try {
      const ground = { server, rows, say, signal };
      const ours = await inSteps(ground);
      const plain = await atOnce(ground);
      const lines = [linesOf(ours.tally), linesOf(plain.tally)] as const;
      const figures = figuresOf(ours, plain);
      const page = `${pageOf(server.version, rows, ...lines)}\n\n${facts(figures)}`;
      return { figures, page, details: { lines } };
    } finally {
      await server.stop();
    }
  },
};

interface Ground {
  readonly server: PostgresServer;
  readonly rows: number;
  readonly say: (sentence: string) => void;
  readonly signal: AbortSignal;
}

interface Story {
  readonly tally: Tally;
  readonly kills: number;
  /** Of the change itself. */
  readonly tookMs: number;
  readonly differing: number;
}

async function withUsers(
  { server, rows, say }: Ground,
  work: (url: string, users: Users) => Promise<{ readonly kills: number; readonly tookMs: number }>,
): Promise<Story> {
  const name = await server.createDatabase();
  say(`Filling ${rows} rows …`);
  await fill(server, name, rows);
  const users = startUsers(server.url(name), rows);
  try {
    const done = await work(server.url(name), users);
    const tally = await users.stop();
    return { ...done, tally, differing: await differingRows(server, name, rows, tally.written) };
  } finally {
    users.end();
    await server.dropDatabase(name);
  }
}

function inSteps(ground: Ground): Promise<Story> {
  const { say, signal, rows } = ground;
  return withUsers(ground, async (url, users) => {
    let kills = 0;
    const began = performance.now();
    const step = async (phase: PhaseName, killAt?: Parameters<typeof migrate>[3]) => {
      if (!(await migrate(url, phase, signal, killAt))) kills += 1;
    };
    users.serve('before', { old: rate });
    await delay(quietMs, undefined, { signal });
    say('Deployment 1: expand, killed once on the way …');
    users.serve('expand', { old: rate });
    await step('expand', ({ kind }) => kind === 'begun');
    await step('expand');
    say('Deployment 1: backfill with both releases, killed four times on the way …');
    users.serve('backfill', { old: half, both: half });
    for (const share of killsAt)
      await step('backfill', (event) => event.kind === 'progress' && event.rowsDone >= share * rows);
    await step('backfill');
    const tookMs = performance.now() - began - quietMs;
    say(`Deployment 2: the next release knows the new column alone (filled after ${Math.round(tookMs / 1_000)} s) …`);
    users.serve('next release', { both: half, new: half });
    await delay(quietMs, undefined, { signal });
    say('Deployment 3: contract …');
    users.serve('contract', { new: rate });
    await step('contract');
    users.serve('after', { new: rate });
    await delay(quietMs, undefined, { signal });
    return { kills, tookMs };
  });
}

function atOnce(ground: Ground): Promise<Story> {
  const { server, say, signal } = ground;
  return withUsers(ground, async (url, users) => {
    users.serve('before', { old: rate });
    await delay(quietMs, undefined, { signal });
    say('The same as one ALTER and one UPDATE …');
    users.serve('change', { old: rate });
    const began = performance.now();
    const database = new URL(url).pathname.slice(1);
    await server.query(
      database,
      'BEGIN; ALTER TABLE customers ADD COLUMN display_name text; UPDATE customers SET display_name = name; COMMIT',
    );
    const tookMs = performance.now() - began;
    users.serve('after', { old: rate });
    await delay(quietMs, undefined, { signal });
    return { kills: 0, tookMs };
  });
}

function figuresOf(ours: Story, plain: Story): readonly Figure[] {
  const bar = bars.migrate;
  const waits = waitsOf(ours.tally, ['expand', 'backfill', 'next release', 'contract']);
  const plainWaits = waitsOf(plain.tally, ['change']);
  const beside = (value: number) => ({ name: plainName, value });
  const count = (name: string, value: number, rest: Partial<Figure> = {}): Figure => ({
    name,
    unit: 'count',
    value,
    peer: undefined,
    bar: undefined,
    ...rest,
  });
  const wait = (name: string, of: (each: readonly number[]) => number, most?: number): Figure => ({
    name,
    unit: 'ms',
    value: of(waits),
    peer: beside(of(plainWaits)),
    bar: most,
  });
  return [
    count('transactions in all', ours.tally.exchanges.length),
    count('transactions that failed', failuresOf(ours.tally).length, {
      bar: bar.failed,
      reach: 'at most',
      peer: beside(failuresOf(plain.tally).length),
    }),
    count('transactions due while 2000 waited', ours.tally.notBegun, {
      bar: bar.failed,
      reach: 'at most',
      peer: beside(plain.tally.notBegun),
    }),
    count('reads that missed the last write', ours.tally.wrongReads, { bar: bar.wrongReads, reach: 'at most' }),
    count('rows that differ at the end', ours.differing, { bar: bar.differingRows, reach: 'at most' }),
    count('the migrator was killed', ours.kills, { bar: bar.kills, reach: 'at least' }),
    wait('wait of a transaction during the change, median', median),
    wait('wait of a transaction during the change, p99', (each) => percentile(each, 0.99)),
    wait('longest wait of a transaction during the change', longest, bar.longestWaitMs),
    {
      name: 'until the new column is filled',
      unit: 'ms',
      value: ours.tookMs,
      peer: beside(plain.tookMs),
      bar: undefined,
    },
  ];
}
