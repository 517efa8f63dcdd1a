import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../../lib/testing/until.ts';
import type { InstanceChecks } from './checks.ts';
import { type InstanceChange, type InstanceWatch, watchInstances } from './watch.ts';

const checks: InstanceChecks = {
  path: '/health',
  headers: { 'x-key': 'of the check' },
  statuses: [[200, 299]],
  intervalMs: 60,
  timeoutMs: 5_000,
  failures: 3,
  successes: 2,
};

let server: Server;
let status: number;
let asked: string[];
let watch: InstanceWatch | undefined;

beforeEach(async () => {
  status = 200;
  asked = [];
  server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers['x-key']}`);
    response.writeHead(status).end('here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  watch?.stop();
  server.close();
});

const endpoint = () => ({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });

test('an instance is out after its failures in a row, and in again after its successes', async () => {
  const changes: InstanceChange[] = [];
  watch = watchInstances({ endpoints: [endpoint()], checks, changed: (change) => changes.push(change) });
  await until(() => asked.length >= 2);
  expect(asked[0]).toBe('/health of the check');
  expect([watch.isHealthy(0), changes]).toEqual([true, []]);
  status = 503;
  await until(() => changes.length === 1);
  expect([watch.isHealthy(0), changes[0]]).toEqual([false, { index: 0, healthy: false, problem: 'it answers 503' }]);
  status = 204;
  await until(() => changes.length === 2);
  expect([watch.isHealthy(0), changes[1]]).toEqual([true, { index: 0, healthy: true, problem: undefined }]);
});

test('a single failure between successes changes nothing', async () => {
  const changes: InstanceChange[] = [];
  watch = watchInstances({ endpoints: [endpoint()], checks, changed: (change) => changes.push(change) });
  server.on('request', () => {
    status = asked.length % 3 === 0 ? 500 : 200;
  });
  await until(() => asked.length >= 12);
  expect(changes).toEqual([]);
});

test('a suspected instance is out at once, and in again with the next success', async () => {
  const changes: InstanceChange[] = [];
  const slow = { ...checks, intervalMs: 60_000 };
  watch = watchInstances({ endpoints: [endpoint()], checks: slow, changed: (change) => changes.push(change) });
  await until(() => asked.length === 1);
  watch.suspect(0);
  expect(watch.isHealthy(0)).toBe(false);
  await until(() => changes.length === 2);
  expect(changes.map(({ healthy }) => healthy)).toEqual([false, true]);
});

test('without a path, an instance that accepts connections is healthy', async () => {
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(0, '127.0.0.1', resolve));
  const { port } = dead.address() as AddressInfo;
  await new Promise((resolve) => dead.close(resolve));
  const changes: InstanceChange[] = [];
  watch = watchInstances({
    endpoints: [endpoint(), { host: '127.0.0.1', port }],
    checks: { ...checks, path: undefined },
    changed: (change) => changes.push(change),
  });
  await until(() => changes.length === 1);
  expect([watch.isHealthy(0), watch.isHealthy(1), asked]).toEqual([true, false, []]);
});
