// What a health rule asks of real servers.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HealthSettings } from '../config/health/settings.ts';
import { systemClock } from '../lib/clock.ts';
import { probeHealth } from './health.ts';
import { runSmokeTests } from './smoke.ts';
import { healthRule } from './testing/health-rule.ts';

const rule: HealthSettings = { ...healthRule, check: 'status-code' };

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server, host = '127.0.0.1'): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = (answer: RequestListener, host?: string) => listen(createServer(answer), host);
const probe = (url: string, changed: Partial<HealthSettings> = {}) =>
  probeHealth({ url, expected: { slot: 'blue', version: 'v1' }, settings: { ...rule, ...changed } });

describe('a service that answers only for its own Host', () => {
  const strict: RequestListener = ({ headers }, response) =>
    void response.writeHead(headers.host === 'shop.example.com' ? 200 : 400).end('which host?');

  it('is refused without it, and healthy with it', async () => {
    const url = await serve(strict);
    expect(await probe(url)).toMatchObject({
      healthy: false,
      problem: 'expected a status of 2xx, got 400: which host?',
    });
    expect(await probe(url, { headers: { Host: 'shop.example.com' } })).toMatchObject({ healthy: true });
  });

  it('is asked for it through the load balancer too, whose own headers win', async () => {
    const seen: unknown[] = [];
    const url = await serve(({ headers }, response) => {
      seen.push([headers.host, headers['x-token'], headers['x-other']]);
      response.end();
    });
    const headers = { host: 'shop.example.com', 'X-Token': 'rule', 'X-Other': 'rule' };
    const settings: HealthSettings = { ...rule, scheme: 'https', headers };
    const expected = { slot: 'blue', version: 'v1' } as const;
    const report = await probeHealth({ url, expected, settings, through: { headers: { 'x-token': 'balancer' } } });
    expect(report).toMatchObject({ healthy: true });
    expect(seen).toEqual([['shop.example.com', 'balancer', 'rule']]);
  });
});

describe('a redirect', () => {
  const toHttps: RequestListener = ({ headers, url }, response) =>
    void (headers['x-forwarded-proto'] === 'https'
      ? response.end('fine')
      : response.writeHead(301, { location: `https://user:pw@shop.example.com${url}?token=secret` }).end('moved'));

  it('is reported with its Location, without what may be secret in it', async () => {
    expect((await probe(await serve(toHttps))).problem).toBe(
      'expected a status of 2xx, got 301 to https://shop.example.com/health?…',
    );
  });

  it('ends with the header that the service waits for, or is accepted by its status', async () => {
    const url = await serve(toHttps);
    expect(await probe(url, { headers: { 'X-Forwarded-Proto': 'https' } })).toMatchObject({ healthy: true });
    expect(await probe(url, { statuses: [[301, 302]] })).toMatchObject({ healthy: true });
  });
});

it('statuses are those of the rule, and the sentence names them', async () => {
  const url = await serve((_, response) => void response.writeHead(429).end());
  expect(
    await probe(url, {
      statuses: [
        [200, 204],
        [401, 401],
        [300, 399],
      ],
    }),
  ).toMatchObject({
    healthy: false,
    problem: 'expected a status of 200-204 or 401 or 3xx, got 429',
  });
  expect(
    await probe(url, {
      statuses: [
        [200, 204],
        [429, 429],
      ],
    }),
  ).toMatchObject({ healthy: true });
});

it('a service that listens only on [::1] is reported as such', async () => {
  const server = createServer((_, response) => void response.end());
  const url = await listen(server, '::1');
  expect((await probe(url)).problem).toMatch(
    /ECONNREFUSED.*; it listens on \[::1\] only; let it listen on 127\.0\.0\.1 too$/,
  );
  server.close();
  await new Promise((resolve) => server.once('close', resolve));
  expect((await probe(url)).problem).toMatch(/ECONNREFUSED 127\.0\.0\.1:\d+$/);
});

describe('a service that speaks https', () => {
  let folder: string;
  let certificate: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bg-health-'));
    certificate = join(folder, 'cert.pem');
    const name = ['-subj', '/CN=shop.example.com', '-addext', 'subjectAltName=DNS:shop.example.com'];
    const files = ['-keyout', join(folder, 'key.pem'), '-out', certificate];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...kind, ...name, ...files], { stdio: 'ignore' });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const secure = () => {
    const key = readFileSync(join(folder, 'key.pem'));
    return listen(createSecureServer({ cert: readFileSync(certificate), key }, (_, response) => void response.end()));
  };

  it('is trusted by its authority and the name in Host, or without any check', async () => {
    const url = await secure();
    const headers = { Host: 'shop.example.com' };
    const tls = { ca: certificate, insecure: false };
    expect(await probe(url, { scheme: 'https', tls, headers })).toMatchObject({ healthy: true });
    expect(await probe(url, { scheme: 'https', tls: { ca: undefined, insecure: true } })).toMatchObject({
      healthy: true,
    });
  });

  it('is asked by its smoke tests in the same way', async () => {
    const baseUrl = await secure();
    const test = { name: 'front', method: 'GET', path: '/', body: undefined, timeoutMs: 10_000 };
    const asked = (tls: HealthSettings['tls']) =>
      runSmokeTests({
        ...{ baseUrl, totalMs: 20_000, clock: systemClock, slotRule: { scheme: 'https', tls } as const },
        tests: [{ ...test, headers: { Host: 'shop.example.com' }, expect: { status: 200, json: {}, text: [] } }],
      });
    expect(await asked({ ca: certificate, insecure: false })).toMatchObject({ passed: true });
    expect((await asked({ ca: undefined, insecure: false })).results[0]?.problem).toMatch(/self-signed certificate/);
  });

  it('is not trusted otherwise, and the reason is named', async () => {
    const url = await secure();
    expect((await probe(url, { scheme: 'https' })).problem).toMatch(/self-signed certificate/);
    const tls = { ca: certificate, insecure: false };
    expect((await probe(url, { scheme: 'https', tls })).problem).toMatch(/does not match certificate's altnames/);
    const missing = { ca: join(folder, 'none.pem'), insecure: false };
    expect((await probe(url, { scheme: 'https', tls: missing })).problem).toMatch(/ENOENT.*none\.pem/);
    expect((await probe(url)).healthy).toBe(false);
  });
});
