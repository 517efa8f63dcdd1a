// One process counts for every HAProxy target of a folder, each separately: targets join and leave, the process is
// killed and takes over from processes of an earlier version, and no request is missed.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { requestOverSocket } from '../../lib/http.ts';
import { freePort } from '../../lib/testing/ports.ts';
import type { CountingBalancer } from '../capabilities.ts';
import { call } from '../contract/user.ts';
import { createHaproxyBalancer } from './driver.ts';
import { type HaproxyOptions, placeOf } from './options.ts';
import { type HaproxyStage, haproxyStage, routingOf } from './testing.ts';

interface Target {
  readonly options: HaproxyOptions;
  readonly balancer: CountingBalancer;
}

let stage: HaproxyStage;
let shop: Target;
let blog: Target;
beforeEach(async () => {
  stage = await haproxyStage({});
  shop = { options: stage.options, balancer: stage.balancer };
  const listen = { host: '127.0.0.1', port: await freePort() };
  const options = { ...stage.options, spec: { ...stage.options.spec, service: 'blog', listen } };
  blog = { options, balancer: createHaproxyBalancer(options) };
});
afterEach(async () => {
  await blog.balancer.shutdown();
  await stage.dispose();
});

const placeFor = ({ options }: Target) => placeOf(options).collector;

async function pidOf(target: Target): Promise<number | undefined> {
  const question = { socket: placeFor(target).control, method: 'GET', path: '/status', timeoutMs: 5_000 };
  const answer = await requestOverSocket(question).catch(() => undefined);
  return answer && (JSON.parse(answer.body) as { pid: number }).pid;
}

async function liveOn(target: Target, side: 'blue' | 'green'): Promise<void> {
  await target.balancer.ensure();
  await target.balancer.apply(routingOf(1, { active: side }), 1);
}

async function ask({ balancer }: Target, times: number): Promise<void> {
  for (let sent = 0; sent < times; sent += 1) await call(balancer.entrypoints[0] ?? '');
}

/** Requests of each side and those that were missed. */
async function counts({ balancer }: Target): Promise<readonly number[]> {
  const { blue, green, missed } = await balancer.traffic(0);
  return [blue.requests, green.requests, missed];
}

const counted = (target: Target, expected: readonly number[]) =>
  expect.poll(() => counts(target), { timeout: 20_000 }).toEqual(expected);

/** The log is written a few times a second. */
async function linesWritten({ options }: Target, lines: number): Promise<void> {
  const { accessLog } = placeOf(options);
  await expect.poll(() => readFileSync(accessLog, 'utf8').split('\n').length - 1).toBe(lines);
}

function residentKb(pid: number | undefined): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

test('two services that start at once share one process, and each has its own counts', async () => {
  const engines = [shop, blog].flatMap(({ options }) => [options, options].map(createHaproxyBalancer));
  await Promise.all(engines.map((engine) => engine.ensure()));
  await liveOn(shop, 'blue');
  await liveOn(blog, 'green');
  const pid = await pidOf(shop);
  expect(await pidOf(blog)).toBe(pid);
  await Promise.all([ask(shop, 300), ask(blog, 200)]);
  await counted(shop, [300, 0, 0]);
  await counted(blog, [0, 200, 0]);
  console.info(`one process counts for two targets: ${Math.round(residentKb(pid) / 1024)} MB`);
});

test('one target leaves and comes back while the other is counted, and the process ends with the last', async () => {
  await liveOn(shop, 'blue');
  await liveOn(blog, 'blue');
  const pid = await pidOf(shop);
  const asking = ask(blog, 400);
  await shop.balancer.shutdown();
  expect(await pidOf(shop)).toBeUndefined();
  await shop.balancer.ensure();
  expect(await pidOf(shop)).toBe(pid);
  await asking;
  await counted(blog, [400, 0, 0]);
  await shop.balancer.shutdown();
  await blog.balancer.shutdown();
  await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 15_000 }).toBe(false);
});

test('a target that cannot be counted is refused by name, and harms no other', async () => {
  await liveOn(shop, 'blue');
  const { spec } = placeFor(blog);
  await blog.balancer.ensure();
  await blog.balancer.shutdown();
  writeFileSync(spec, 'no json');
  const answer = await requestOverSocket({
    socket: placeFor(shop).host,
    method: 'POST',
    path: '/targets',
    body: JSON.stringify({ spec }),
    timeoutMs: 5_000,
  });
  expect(answer).toMatchObject({ status: 400, body: expect.stringContaining('JSON') });
  await ask(shop, 20);
  await counted(shop, [20, 0, 0]);
  await blog.balancer.ensure();
  expect(await pidOf(blog)).toBe(await pidOf(shop));
});

test('after a kill, what was answered before and meanwhile is counted by the next process', async () => {
  await liveOn(shop, 'blue');
  await liveOn(blog, 'blue');
  await Promise.all([ask(shop, 70), ask(blog, 30)]);
  await counted(shop, [70, 0, 0]);
  await counted(blog, [30, 0, 0]);
  await linesWritten(shop, 70);
  await linesWritten(blog, 30);
  const pid = (await pidOf(shop)) as number;
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
  await Promise.all([ask(shop, 120), ask(blog, 80)]);
  await Promise.all([shop, blog].map(({ balancer }) => balancer.ensure()));
  const next = await pidOf(shop);
  expect([next === pid, await pidOf(blog)]).toEqual([false, next]);
  await counted(shop, [190, 0, 0]);
  await counted(blog, [110, 0, 0]);
  console.info(`its memory with compiled code at hand: ${Math.round(residentKb(next) / 1024)} MB`);
});

test('processes of an earlier version, one for each target, count on; their targets join when they have ended', async () => {
  await liveOn(shop, 'blue');
  await liveOn(blog, 'blue');
  process.kill((await pidOf(shop)) as number, 'SIGKILL');
  await expect.poll(() => pidOf(blog)).toBeUndefined();
  const main = join(import.meta.dirname, 'collector', 'main.ts');
  for (const target of [shop, blog])
    spawn(process.execPath, [main, placeFor(target).spec], { env: {}, stdio: 'ignore', detached: true }).unref();
  await expect.poll(async () => [await pidOf(shop), await pidOf(blog)], { timeout: 15_000 }).not.toContain(undefined);
  const [old, other] = [await pidOf(shop), await pidOf(blog)] as [number, number];
  expect(old).not.toBe(other);
  await Promise.all([ask(shop, 100), ask(blog, 100)]);
  await Promise.all([shop, blog].map(({ balancer }) => balancer.ensure()));
  expect([await pidOf(shop), await pidOf(blog)]).toEqual([old, other]);
  await counted(shop, [100, 0, 0]);
  console.info(
    `two processes for two targets: ${[old, other].map((pid) => `${Math.round(residentKb(pid) / 1024)} MB`).join(' and ')}`,
  );
  for (const pid of [old, other]) process.kill(pid, 'SIGTERM');
  await expect.poll(() => existsSync(`/proc/${old}`) || existsSync(`/proc/${other}`), { timeout: 15_000 }).toBe(false);
  await Promise.all([ask(shop, 30), ask(blog, 40)]);
  await Promise.all([shop, blog].map(({ balancer }) => balancer.ensure()));
  expect(await pidOf(shop)).toBe(await pidOf(blog));
  await counted(shop, [130, 0, 0]);
  await counted(blog, [140, 0, 0]);
});
