import { get, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '@bg/engine/test-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type Running, type Service, startProxyBefore, startService } from './testing/fixture.ts';

let service: Service;
let talks: WebSocketServer;
let proxy: Running;
let ends: number[];
let release: () => void;

beforeEach(async () => {
  ends = [];
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  service = await startService((incoming, response) => {
    if (incoming.url === '/events')
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    else void released.then(() => response.end('done'));
  });
  talks = new WebSocketServer({ server: service.server });
});
afterEach(async () => {
  await proxy.stop();
  for (const talk of talks.clients) talk.terminate();
  await service.close();
});

const begin = async (drainSpreadMs: number) => {
  proxy = await startProxyBefore(service.port, { drainSpreadMs });
  await Promise.all([...Array.from({ length: 5 }, openTalk), ...Array.from({ length: 5 }, openEvents)]);
  expect((await proxy.counts('blue')).open).toBe(10);
};
/** Into the list of the test that opened it: what ends late must not count in the next one. */
const endedInto = (list: number[]) => () => list.push(performance.now());

function openTalk(): Promise<void> {
  return new Promise((resolve, reject) => {
    const talk = new WebSocket(proxy.base.replace('http', 'ws'));
    talk.once('open', () => resolve()).once('error', reject);
    talk.once('close', endedInto(ends));
  });
}

function openEvents(): Promise<void> {
  return new Promise((resolve) => {
    const outgoing = get(`${proxy.base}/events`, (answer: IncomingMessage) => {
      answer.on('error', () => {}).once('close', endedInto(ends));
      answer.once('data', () => resolve());
    });
    outgoing.on('error', () => {});
  });
}

test('WebSockets and streams of a side without users are closed one by one over the time given', async () => {
  await begin(2_000);
  const finite = fetch(`${proxy.base}/slow`);
  await until(async () => (await proxy.counts('blue')).open === 11);
  const began = performance.now();
  await proxy.route({ active: 'green' });
  await until(() => ends.length === 10);
  // An even spread, however late the machine is: the first not at once, and half of them not in the first quarter.
  expect((ends[0] ?? 0) - began).toBeGreaterThan(100);
  expect((ends[4] ?? 0) - began).toBeGreaterThan(500);
  expect((ends[9] ?? 0) - began).toBeGreaterThan(1_800);
  // An answer that ends by itself is not closed.
  release();
  expect(await (await finite).text()).toBe('done');
});

test('they stay when their side is still a canary or the preview, and when it gets users again in time', async () => {
  await begin(20_000);
  await proxy.route({ active: 'green', preview: 'blue' });
  await proxy.route({ active: 'green', canary: { slot: 'blue', percent: 1 } });
  await delay(2_500);
  expect(ends).toHaveLength(0);
  await proxy.route({ active: 'green' });
  await until(() => ends.length >= 1);
  await proxy.route({ active: 'blue' });
  await delay(300);
  const left = (await proxy.counts('blue')).open;
  expect(left).toBeGreaterThan(0);
  await delay(3_000);
  expect((await proxy.counts('blue')).open).toBe(left);
});

test('without a time they are left until the side is stopped', async () => {
  await begin(0);
  await proxy.route({ active: 'green' });
  await delay(1_000);
  expect([ends.length, (await proxy.counts('blue')).open]).toEqual([0, 10]);
});
