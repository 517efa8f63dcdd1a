// The users of a service, in a separate process so that nothing else delays them. They come at a steady rate, whether
// or not those before them were served: who waits is not waited for. Each transaction reads a row and writes it, or adds one.

import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type ReleaseName, releases } from './releases.ts';
import type { Exchange, Tally } from './tally.ts';
import type { Order } from './users.ts';

const [url = '', rows = '0'] = process.argv.slice(2);
const mostWaiting = 2_000;
const insertEvery = 10;
const connections = 30;

const pool = new pg.Pool({ connectionString: url, max: connections, application_name: 'shop' });
pool.on('error', () => undefined);
const exchanges: Exchange[] = [];
const written = new Map<string, string>();
const inUse = new Set<string>();
let order: Order & { kind: 'serve' } = { kind: 'serve', phase: '', rates: {} };
let isOver = false;
let waiting = 0;
let begun = 0;
let notBegun = 0;
let wrongReads = 0;

process.on('message', (message: Order) => {
  if (message.kind === 'stop') isOver = true;
  else order = message;
});
process.on('disconnect', () => process.exit(1));

async function serve(release: ReleaseName, dueAt: number): Promise<void> {
  const { phase } = order;
  waiting += 1;
  begun += 1;
  const value = `${release} ${begun}`;
  let failure: string | undefined;
  try {
    await (begun % insertEvery === 0 ? add(release, value) : change(release, value));
  } catch (thrown) {
    failure = thrown instanceof Error ? thrown.message : String(thrown);
  }
  waiting -= 1;
  exchanges.push({ phase, release, ms: performance.now() - dueAt, failure });
}

async function add(release: ReleaseName, value: string): Promise<void> {
  await inTransaction(async (client) => {
    const text = releases[release].insert;
    const result = await client.query<{ id: string }>({ name: `${release} insert`, text, values: [value] });
    written.set(String(result.rows[0]?.id), value);
  });
}

/** One transaction per row at a time, so that what it must read is known. */
async function change(release: ReleaseName, value: string): Promise<void> {
  const id = freeRow();
  inUse.add(id);
  try {
    await inTransaction(async (client) => {
      const { read, write } = releases[release];
      const result = await client.query<{ shown: string }>({ name: `${release} read`, text: read, values: [id] });
      if (result.rows[0]?.shown !== (written.get(id) ?? `customer ${id}`)) wrongReads += 1;
      await client.query({ name: `${release} write`, text: write, values: [id, value] });
    });
    written.set(id, value);
  } finally {
    inUse.delete(id);
  }
}

function freeRow(): string {
  for (;;) {
    const id = String(1 + Math.floor(Math.random() * Number(rows)));
    if (!inUse.has(id)) return id;
  }
}

async function inTransaction(work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await work(client);
    await client.query('COMMIT');
    client.release();
  } catch (thrown) {
    await client.query('ROLLBACK').catch(() => undefined);
    client.release();
    throw thrown;
  }
}

/** Each release at its own rate, counted from the last order on. */
async function keepComing(): Promise<void> {
  let present: Order | undefined;
  let since = 0;
  const sent = new Map<string, number>();
  while (!isOver) {
    if (present !== order) {
      present = order;
      since = performance.now();
      sent.clear();
    }
    for (const [release, rate] of Object.entries(order.rates) as [ReleaseName, number][]) {
      const due = Math.floor(((performance.now() - since) / 1_000) * rate);
      for (let at = sent.get(release) ?? 0; at < due; at += 1) {
        if (waiting >= mostWaiting) notBegun += 1;
        else void serve(release, since + ((at + 1) / rate) * 1_000);
      }
      sent.set(release, due);
    }
    await delay(2);
  }
  while (waiting > 0) await delay(5);
}

await keepComing();
await pool.end();
const tally: Tally = { exchanges, notBegun, wrongReads, written: [...written] };
process.send?.(tally, () => process.disconnect());
