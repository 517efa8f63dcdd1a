// Each release is laid out, started as a separate process and seen to do what it is there for.

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from '@bg/engine/test-kit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { layReleases, releaseVersions } from './build-releases.ts';

let folder: string;
const running: Shop[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bg-shop-'));
  await layReleases(folder);
});
afterEach(async () => {
  for (const shop of running.splice(0)) {
    shop.process.kill('SIGKILL');
    await shop.exited;
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Shop {
  readonly url: string;
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
}

async function start(version: string, env: Record<string, string> = {}): Promise<Shop> {
  const port = await freePort();
  const child = spawn(process.execPath, ['server.mjs'], {
    cwd: join(folder, 'shop', version),
    env: { ENVIRONMENT_COLOR: 'green', APPLICATION_PORT: String(port), ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const shop = { url: `http://127.0.0.1:${port}`, process: child, exited };
  running.push(shop);
  await expect
    .poll(
      () =>
        fetch(shop.url).then(
          () => 'answers',
          () => 'silent',
        ),
      { timeout: 20_000 },
    )
    .toBe('answers');
  return shop;
}

const user = { 'x-forwarded-for': '203.0.113.7' };

async function json(shop: Shop, path: string, options: RequestInit = {}): Promise<Record<string, unknown>> {
  return (await (await fetch(shop.url + path, options)).json()) as Record<string, unknown>;
}

const order = (shop: Shop, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${shop.url}/api/orders`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

it('the releases are laid out whole, and laying them again changes nothing', async () => {
  expect(await releaseVersions()).toEqual([
    'v1.0',
    'v2.0',
    'v2.1',
    'v2.2-broken-smoke',
    'v2.3-never-healthy',
    'v2.4-errors',
    'v2.5-slow',
    'v2.6-crashes',
  ]);
  expect(readdirSync(join(folder, 'shop')).toSorted()).toEqual(await releaseVersions());
  const file = join(folder, 'shop', 'v1.0', 'server.mjs');
  const before = statSync(file).mtimeMs;
  await layReleases(folder);
  expect(statSync(file).mtimeMs).toBe(before);
});

describe('a good release', () => {
  it.each(['v1.0', 'v2.0', 'v2.1'])('%s says who it is, shows its page and takes orders', async (version) => {
    const shop = await start(version);
    const health = await json(shop, '/health');
    expect(Object.keys(health)).toEqual([
      'status',
      'environment',
      'version',
      'uptime_seconds',
      'timestamp',
      'hostname',
      'database_connected',
    ]);
    expect(health).toMatchObject({ status: 'healthy', environment: 'green', version, database_connected: true });
    const page = await (await fetch(shop.url)).text();
    expect(page).toContain(`green · ${version}`);
    const body = JSON.stringify({ id: 'order-1', product: 2, quantity: 2 });
    const taken = await (await order(shop, body)).json();
    const checksum = createHash('sha256').update(body).digest('hex');
    expect(taken).toMatchObject({ status: 'accepted', id: 'order-1', checksum, times: 1, slot: 'green', version });
  });

  it('looks different from the others', async () => {
    const pages = await Promise.all(
      ['v1.0', 'v2.0', 'v2.1'].map(async (version) => (await fetch((await start(version)).url)).text()),
    );
    expect(pages[0]).toContain('4.20 EUR');
    expect(pages[1]).toContain('plum tart');
    expect(pages[2]).toContain('3.78 EUR');
  });

  it('counts doubled orders, leaves smoke tests out, and writes every order down', async () => {
    const ledger = join(folder, 'ledger');
    const shop = await start('v2.1', { SHOP_LEDGER: ledger });
    for (const id of ['a', 'b', 'a']) await order(shop, { id }, user);
    for (let time = 0; time < 2; time++) await order(shop, { id: 'smoke-1' }, { 'x-smoke-test': 'yes' });
    const stats = await json(shop, '/api/stats');
    expect(stats).toMatchObject({ orders: 2, doubled: 1, doubledOrders: ['a'], userRequests: 3 });
    expect(stats.paths).toMatchObject({ 'POST /api/orders': 5 });
    const written = readdirSync(ledger).map((file) => readFileSync(join(ledger, file), 'utf8'));
    expect(
      written
        .join('')
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(['a', 'b', 'a', '']);
    expect((await json(shop, '/health')).database_connected).toBe(true);
    rmSync(ledger, { recursive: true });
    expect((await json(shop, '/health')).database_connected).toBe(false);
  });

  it.each([
    ['{', 400, 'an order is JSON'],
    ['null', 400, 'an order has an id of its own: 1 to 100 of A-Z a-z 0-9 _ . : -'],
    [{ id: 'x\ny' }, 400, 'an order has an id of its own: 1 to 100 of A-Z a-z 0-9 _ . : -'],
    [{ id: 'x', product: 99 }, 400, 'there is no such product'],
    [{ id: 'x', quantity: 0 }, 400, 'a quantity is 1 to 100'],
    ['x'.repeat((1 << 20) + 1), 413, 'an order has at most 1 MB'],
  ])('refuses a bad order with a sentence', async (body, status, error) => {
    const shop = await start('v2.1');
    const answer = await order(shop, body);
    expect([answer.status, await answer.json()]).toEqual([status, { error }]);
  });

  it('finishes what is under way when it is asked to end, closes idle connections and ends streams', async () => {
    const shop = await start('v2.5-slow');
    const agent = new Agent({ keepAlive: true });
    const idle = await new Promise<number>((resolve, reject) => {
      const asked = httpRequest(`${shop.url}/health`, { agent }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
      });
      asked.once('error', reject).end();
    });
    const stream = (await fetch(`${shop.url}/events`)).text();
    const slow = new Promise<string>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', expect: '100-continue' };
      const asked = httpRequest(`${shop.url}/api/orders`, { method: 'POST', headers }, async (answer) =>
        resolve(await text(answer)),
      );
      // It is under way once the shop has read its head.
      asked.once('error', reject).once('continue', () => {
        asked.end(JSON.stringify({ id: 'late', product: 1, quantity: 1 }));
        shop.process.kill('SIGTERM');
      });
      asked.flushHeaders();
    });
    expect(idle).toBe(200);
    expect(JSON.parse(await slow)).toMatchObject({ status: 'accepted', id: 'late' });
    expect(await stream).toMatch(/^data: \{"slot":"green","version":"v2.5-slow"/);
    expect(await shop.exited).toBe(0);
    agent.destroy();
  });

  it('keeps an idle connection longer than a load balancer does', async () => {
    const shop = await start('v1.0');
    expect((await fetch(shop.url)).headers.get('keep-alive')).toBe('timeout=65');
  });
});

describe('a release that is there to fail', () => {
  it('v2.2-broken-smoke is healthy, but its checkout is not', async () => {
    const shop = await start('v2.2-broken-smoke');
    expect(await json(shop, '/health')).toMatchObject({ status: 'healthy', version: 'v2.2-broken-smoke' });
    const answer = await order(shop, { id: 'smoke-1' });
    expect([answer.status, await answer.json()]).toEqual([500, { error: 'price list not found' }]);
  });

  it('v2.3-never-healthy runs and is never healthy', async () => {
    const shop = await start('v2.3-never-healthy');
    const answer = await fetch(`${shop.url}/health`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ status: 'starting', environment: 'green' });
    expect((await fetch(shop.url)).status).toBe(200);
  });

  it('v2.4-errors answers every test, and fails one user request of five', async () => {
    const shop = await start('v2.4-errors');
    const statuses = async (count: number, headers: Record<string, string>): Promise<readonly number[]> => {
      const answers = [];
      for (let n = 0; n < count; n++) answers.push((await fetch(`${shop.url}/api/products`, { headers })).status);
      return answers;
    };
    expect(new Set(await statuses(30, {}))).toEqual(new Set([200]));
    expect(new Set(await statuses(30, { ...user, 'x-smoke-test': 'yes' }))).toEqual(new Set([200]));
    const errors = (await statuses(110, user)).filter((status) => status === 500).length;
    expect(errors).toBe(20);
    expect((await fetch(`${shop.url}/health`, { headers: user })).status).toBe(200);
  });

  it('v2.5-slow is right, but slow', async () => {
    const shop = await start('v2.5-slow');
    const began = performance.now();
    expect((await fetch(`${shop.url}/api/products`)).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(750);
  });

  it('v2.6-crashes works and then ends with code 1', async () => {
    const shop = await start('v2.6-crashes', { SHOP_CRASH_AFTER_MS: '3000' });
    expect(await json(shop, '/health')).toMatchObject({ status: 'healthy' });
    expect(await shop.exited).toBe(1);
  });
});
