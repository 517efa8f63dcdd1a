// Thousands of hostile requests against the real process: it does not crash, trusts none of them, and takes the next
// good delivery.

import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Stage, setStage } from '../../../test/support/stage.ts';
import { signingKey } from './hooks/standard.ts';
import { assault, dawdle, type Losses } from './testing/assault.ts';
import { payload } from './testing/payloads.ts';
import { type Receiver, startReceiver } from './testing/receiver.ts';
import { type Headers, signedByOctokit } from './testing/signing.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const requests = process.env.HOSTILE === undefined ? 10_000 : 100_000;
const seed = Number(process.env.HOSTILE_SEED ?? randomInt(2 ** 31));
/** Requests that are sent one at a time, and connections that dawdle. */
const mostByHand = 300;
const sources = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'];
const standardSecret = `whsec_${randomBytes(32).toString('base64')}`;
const githubSecret = randomBytes(20).toString('hex');
const token = randomBytes(20).toString('hex');

let stage: Stage;
let receiver: Receiver;
let port = 0;
const rssMb: number[] = [];
let sampling: NodeJS.Timeout;

beforeAll(async () => {
  stage = await setStage();
  receiver = await startReceiver(stage, [standardSecret], {
    GITHUB_WEBHOOK_SECRET: githubSecret,
    GITLAB_WEBHOOK_TOKEN: token,
    CDEVENTS_SECRET: standardSecret,
    CDEVENTS_TOKEN: token,
  });
  port = Number(new URL(receiver.url).port);
  sampling = setInterval(() => rssMb.push(rss(receiver)), 200);
});
afterAll(async () => {
  clearInterval(sampling);
  receiver.child.kill('SIGKILL');
  await receiver.ended;
  await stage.strike();
});

function rss({ child }: Receiver): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(line) / 1024);
}

/** Sends from an address that unauthenticated requests come from, too. */
function deliver(
  name: string,
  delivery: string,
  body: Buffer,
  headers: Headers,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sending = request(
      {
        host: '127.0.0.1',
        port,
        localAddress: sources[0],
        path: `/hooks/${name}`,
        method: 'POST',
        headers,
        timeout: 30_000,
      },
      (answer) => {
        let text = '';
        answer.on('data', (piece) => {
          text += piece;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      },
    );
    sending.on('error', (fault) => reject(new Error(`${delivery}: ${fault.message}`, { cause: fault })));
    sending.end(body);
  });
}

const refusedRows = () =>
  stage
    .open('look')
    .audit.after(0, 10_000)
    .filter(({ action }) => action === 'strangers-refused')
    .map(({ detail }) => detail as { door: string; source: string; minute: number; count: number });

describe('thousands of hostile requests', () => {
  // The same numbers come again with HOSTILE_SEED. A name that held the seed would never be found again when a failed test
  // is repeated.
  console.log(`HOSTILE_SEED=${seed}`);
  const push = payload('github', 'push');
  let losses: Losses;
  let before = 0;

  it('takes a good delivery before', async () => {
    const { status } = await deliver(
      'github',
      'first',
      push,
      await signedByOctokit(githubSecret, push, 'push', 'first'),
    );
    expect(status).toBe(202);
    before = rss(receiver);
  });

  it('refuses all, and closes connections that dawdle', async () => {
    const secrets = { github: githubSecret, standard: signingKey(standardSecret) ?? Buffer.alloc(0) };
    const began = performance.now();
    const [all, letGo] = await Promise.all([
      assault({ port, sources, requests, seed, secrets, connections: 16 }),
      dawdle(port, 60, 90_000),
    ]);
    losses = all;
    const seconds = (performance.now() - began) / 1000;
    const answered = [...losses.answers.values()].reduce((sum, count) => sum + count, 0);
    console.log(
      `${losses.sent} hostile requests, seed ${seed}, in ${seconds.toFixed(1)} s: ${answered} answered ${JSON.stringify(Object.fromEntries([...losses.answers].sort()))}, ${losses.toldToWait} told to wait, ${letGo} of 60 dawdlers let go; memory ${before} MB before, at most ${Math.max(...rssMb)} MB`,
    );
    expect(losses.sent).toBe(requests);
    expect(answered).toBeGreaterThan(requests * 0.95);
    expect([...losses.answers.keys()].filter((status) => status < 400 || status >= 500)).toEqual([]);
    expect(losses.toldToWait).toBe(losses.answers.get(429));
    expect(letGo).toBe(60);
  });

  it('is the same process as before, in bounded memory', () => {
    expect(receiver.child.exitCode).toBeNull();
    expect(Math.max(...rssMb) - before).toBeLessThan(300);
  });

  it('takes the next good delivery, from the address that must wait', async () => {
    const body = payload('github', 'workflow-run-success');
    const headers = await signedByOctokit(githubSecret, body, 'workflow_run', 'next');
    const { 'x-hub-signature-256': _, ...unsigned } = headers;
    // The test waited for the last dawdlers, and meanwhile this address regained a part of its allowance.
    let refused = await deliver('github', 'unsigned', body, unsigned);
    for (let more = 0; more < 200 && refused.status === 401; more += 1)
      refused = await deliver('github', 'unsigned', body, unsigned);
    expect([refused.status, JSON.parse(refused.text).code]).toEqual([429, 'too-many']);
    expect((await deliver('github', 'next', body, headers)).status).toBe(202);
    expect((await deliver('github', 'again', body, headers)).status).toBe(200);
  });

  it('stored nothing that was not proved', () => {
    const kept = stage.open('look').inbox.list({ limit: 100 });
    expect(kept.map(({ delivery }) => delivery).sort()).toEqual(['first', 'next']);
    for (const secret of [standardSecret.slice(6), githubSecret, token])
      expect(receiver.output()).not.toContain(secret);
  });

  it('wrote one audit row a minute and source, with the count, and trusted no X-Forwarded-For', async () => {
    const answered = [...losses.answers.values()].reduce((sum, count) => sum + count, 0);
    const countOf = (all: ReturnType<typeof refusedRows>) => all.reduce((sum, { count }) => sum + count, 0);
    const end = Date.now() + 150_000;
    while (countOf(refusedRows()) < answered && Date.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 500));
    const rows = refusedRows();
    const counted = countOf(rows);
    console.log(`${rows.length} audit rows count ${counted} requests`);
    expect(new Set(rows.map(({ source, minute }) => `${source} ${minute}`)).size).toBe(rows.length);
    expect(rows.every(({ door }) => door === 'webhook')).toBe(true);
    expect([...new Set(rows.map(({ source }) => source))].sort()).toEqual([...sources, '127.0.0.9']);
    expect(counted).toBeGreaterThanOrEqual(answered);
    // Some that break the rules of HTTP are read as two requests.
    expect(counted).toBeLessThan(requests * 1.02 + mostByHand);
  });

  it('logged some of it, and not all', () => {
    const lines = receiver.output().split('refused an unauthenticated request').length - 1;
    expect(lines).toBeGreaterThan(50);
    expect(lines).toBeLessThan(3000);
  });
});
