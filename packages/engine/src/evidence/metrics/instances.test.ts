// With real processes: a side of two instances, each of which has a page of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Question, Series, SideFacts } from '../../domain/evidence.ts';
import { systemClock } from '../../lib/clock.ts';
import { httpRequest } from '../../lib/http.ts';
import { freePorts } from '../../lib/testing/ports.ts';
import { until } from '../../lib/testing/until.ts';
import { metrics } from './descriptor.ts';

const sample = fileURLToPath(new URL('../testing/sample-service.mjs', import.meta.url));
const running: ChildProcess[] = [];
let ports: readonly number[] = [];

const pageOf = (port: number | undefined, path = '/metrics', method = 'GET') =>
  httpRequest({ url: `http://127.0.0.1:${port}${path}`, method, timeoutMs: 5_000 });
const count = (port: number | undefined, counts: string) => pageOf(port, `/add?${counts}`, 'POST');

const isReady = async (port: number): Promise<boolean> =>
  (await pageOf(port).catch(() => ({ status: 0 }))).status === 200;

async function start(port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [sample, String(port)], { stdio: 'ignore' });
  running.push(child);
  await until(() => isReady(port));
  return child;
}

beforeAll(async () => {
  ports = await freePorts(3);
  await Promise.all(ports.map(start));
});

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

function side(slot: SideFacts['slot'], own: readonly (number | undefined)[]): SideFacts {
  const instances = own.map((port = 0) => ({ host: '127.0.0.1', port }));
  return { slot, version: slot, digest: slot, host: '127.0.0.1', port: own[0] ?? 0, instances };
}

const question = (): Question => ({
  ...{ service: 'shop', target: 'production', deployment: 'd_1' },
  stable: side('blue', [ports[0]]),
  canary: side('green', [ports[1], ports[2]]),
});

const source = metrics.create({
  settings: metrics.resolve({ bad: 'sum(orders_total{code="500"})', all: 'sum(orders_total)' }),
  ...{ authorization: undefined, secrets: {}, timeoutMs: 5_000, clock: systemClock },
  usage: () => Promise.reject(new Error('nothing asks the machine here')),
});

const ask = () => source.ask(question(), AbortSignal.timeout(20_000));
const sum = (series: readonly Series[]): number =>
  series.reduce((total, { samples }) => total + (samples.at(-1)?.[1] ?? 0), 0);

test('every instance of a side is read and added up, each as series of its own', async () => {
  await Promise.all([count(ports[0], 'ok=5'), count(ports[1], 'ok=90&bad=10'), count(ports[2], 'ok=50')]);
  const answer = await ask();
  if (answer.kind !== 'counters') throw new Error(JSON.stringify(answer));
  expect([sum(answer.stable.all), sum(answer.canary.all), sum(answer.canary.bad)]).toEqual([5, 150, 10]);
  expect(new Set(answer.canary.all.map(({ id }) => id)).size).toBe(answer.canary.all.length);
  expect(source.shown(question()).join('\n')).toContain(`:${ports[2]}/metrics`);
});

test('an instance that cannot be read is no smaller sum, but no answer', async () => {
  running[2]?.kill('SIGKILL');
  await until(async () => !(await isReady(ports[2] ?? 0)));
  expect(await ask()).toMatchObject({ kind: 'none', why: 'failed', sentence: expect.stringContaining('green') });
});
