// Users who never stop asking: half the requests on keep-alive connections, half on fresh ones, half of them orders,
// each answer verified, none sent twice. Bounded in time and number. As a program it prints what it saw.

import { createHash } from 'node:crypto';
import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { exchange } from './load/exchange.ts';
import { createCounting, type Tally } from './load/tally.ts';
import { cookieHeader, createUsers, keepCookies, type User } from './load/users.ts';
import { type Answer, judgeAnswer, type Sent } from './load/verdict.ts';

export { flippedUsers, type Tally } from './load/tally.ts';
export type { Answer, Verdict } from './load/verdict.ts';

export interface LoadOptions {
  /** Where users connect, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Requests per second of all users together. */
  readonly perSecond: number;
  /** Default 400. */
  readonly users?: number;
  /** Keep-alive connections, shared by all. Default 16. */
  readonly keptConnections?: number;
  /** Ends by itself after so many requests or so much time. */
  readonly maxRequests: number;
  readonly maxMs: number;
  /** Default 10 000. */
  readonly timeoutMs?: number;
  /** Releases whose own errors are expected, and counted apart. */
  readonly badVersions?: readonly string[];
  /** Every answer, in the order in which they ended. */
  readonly onAnswer?: (answer: Answer) => void;
}

export interface Load {
  tally(): Tally;
  /** Sends no more, waits for what is under way. */
  stop(): Promise<Tally>;
  /** Resolves when it ended by itself or was stopped. */
  readonly ended: Promise<Tally>;
}

const tickMs = 10;
const maxUnderWay = 1_000;
/** After a pause of the machine only this much is caught up, not all at once. */
const maxBehindMs = 1_000;

export function startLoad(options: LoadOptions): Load {
  const startedAt = Date.now();
  const over = new AbortController();
  const counting = createCounting(startedAt, Date.now);
  const users = createUsers(options.users ?? 400);
  const kept = new Agent({ keepAlive: true, maxSockets: options.keptConnections ?? 16, scheduling: 'fifo' });
  const underWay = new Set<Promise<void>>();
  const run = `${process.pid}-${startedAt.toString(36)}`;
  let number = 0;

  function sendNext(): void {
    const user = underWay.size < maxUnderWay ? users.next() : undefined;
    if (user === undefined) {
      counting.heldBack();
      return;
    }
    counting.sending();
    const sending = sendOne({ options, user, number, run, kept }).then((answer) => {
      counting.count(answer);
      options.onAnswer?.(answer);
    });
    number += 1;
    underWay.add(sending);
    void sending.finally(() => underWay.delete(sending));
  }

  async function work(): Promise<Tally> {
    let due = 0;
    let last = Date.now();
    while (!over.signal.aborted && number < options.maxRequests && last - startedAt < options.maxMs) {
      await delay(tickMs);
      const now = Date.now();
      due += (Math.min(now - last, maxBehindMs) * options.perSecond) / 1_000;
      last = now;
      for (; due >= 1 && number < options.maxRequests; due -= 1) sendNext();
    }
    await Promise.all(underWay);
    kept.destroy();
    return counting.tally();
  }

  const ended = work();
  return {
    tally: counting.tally,
    ended,
    stop: () => {
      over.abort();
      return ended;
    },
  };
}

interface One {
  readonly options: LoadOptions;
  readonly user: User;
  readonly number: number;
  readonly run: string;
  readonly kept: Agent;
}

async function sendOne({ options, user, number, run, kept }: One): Promise<Answer> {
  user.busy = true;
  const method = number % 2 === 0 ? 'GET' : 'POST';
  const keptAlive = number % 4 < 2;
  const id = `load-${run}-${number}`;
  const body = method === 'POST' ? JSON.stringify({ id, product: 1, quantity: (number % 9) + 1 }) : undefined;
  const sent: Sent = {
    method,
    id: body === undefined ? undefined : id,
    checksum: body === undefined ? undefined : createHash('sha256').update(body).digest('hex'),
  };
  const sentAt = Date.now();
  const came = await exchange({
    url: new URL(method === 'GET' ? '/api/products' : '/api/orders', options.url),
    method,
    body,
    cookie: cookieHeader(user),
    agent: keptAlive ? kept : false,
    timeoutMs: options.timeoutMs ?? 10_000,
  });
  if (came.kind === 'answered') keepCookies(user, came.setCookies);
  user.busy = false;
  const judged = judgeAnswer(came, sent, new Set(options.badVersions));
  return { number, user: user.number, method, order: sent.id, keptAlive, sentAt, endedAt: Date.now(), ...judged };
}

/** `5 230 sent, 0 lost, …`: what people read. */
export function summarize(tally: Tally): string {
  const versions = Object.entries(tally.versions).map(([version, count]) => `${version} ${count}`);
  const parts = [`${tally.sent} sent (${tally.perSecond}/s)`, `${tally.ok} right`, `${tally.lost} lost`];
  if (tally.badRelease > 0) parts.push(`${tally.badRelease} errors of a bad release`);
  if (tally.heldBack > 0) parts.push(`${tally.heldBack} held back`);
  return `${parts.join(', ')}; p50 ${tally.p50Ms} ms, p99 ${tally.p99Ms} ms; served by ${versions.join(', ') || 'nobody'}`;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rate: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '10' },
      users: { type: 'string', default: '400' },
      bad: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
    },
  });
  const [url] = positionals;
  const [perSecond, seconds, users] = [values.rate, values.seconds, values.users].map(Number);
  if (url === undefined || !URL.canParse(url) || !perSecond || !seconds || !users) {
    console.error(
      'usage: node tools/load-client.ts http://127.0.0.1:8080 [--rate 200] [--seconds 10] [--users 400] [--bad v2.4-errors] [--json]',
    );
    process.exitCode = 2;
    return;
  }
  const maxMs = seconds * 1_000;
  const load = startLoad({ url, perSecond, users, maxMs, maxRequests: perSecond * seconds, badVersions: values.bad });
  process.once('SIGINT', () => void load.stop());
  const tally = await load.ended;
  console.log(values.json ? JSON.stringify(tally) : [summarize(tally), ...tally.problems].join('\n'));
  process.exitCode = tally.lost === 0 ? 0 : 1;
}

if (import.meta.main) await main();
