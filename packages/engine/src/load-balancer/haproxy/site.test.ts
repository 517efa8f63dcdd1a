import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BalancerSpec } from '../load-balancer.ts';
import { managedText, type SiteValues, siteOf, unreachableAnswer } from './site.ts';

const spec: BalancerSpec = {
  service: 'shop',
  target: 'production',
  listen: { host: '0.0.0.0', port: 8080 },
  upstreams: { blue: [{ host: '127.0.0.1', port: 8001 }], green: [{ host: '127.0.0.1', port: 8002 }] },
  sticky: { by: 'cookie', name: 'bg_bucket' },
  preview: { header: 'x-preview', cookie: 'bg_preview', token: 'a-token-of-the-test', host: 'preview.example.com' },
  allow: { by: 'header', name: 'x-user', values: ['alice@example.com', 'bob'] },
  requestTimeoutMs: 60_000,
  drainSpreadMs: 0,
};

const values: SiteValues = {
  spec,
  name: 'bg_shop_production',
  mapFile: '/var/lib/bluegreen/haproxy/shop.production/routing.map',
  errorFile: '/var/lib/bluegreen/haproxy/shop.production/unreachable.http',
  tls: undefined,
  logServer: { path: '/var/lib/bluegreen/haproxy/0123456789.log' },
  nonce: 'a-nonce-of-the-test',
};

const severalOf = (each: BalancerSpec): BalancerSpec => ({
  ...each,
  upstreams: {
    blue: [1, 2, 3].map((at) => ({ host: '127.0.0.1', port: 8000 + at })) as never,
    green: each.upstreams.green,
  },
  checks: {
    path: '/health?of="all"',
    headers: { host: 'shop.example.com', 'x-key': '50 % of "a" $secret' },
    statuses: [
      [200, 299],
      [304, 304],
    ],
    intervalMs: 5_000,
    timeoutMs: 2_000,
    failures: 3,
    successes: 2,
  },
  sticky: { ...each.sticky, instance: true },
});

const golden = (name: string) => readFileSync(new URL(`./golden/${name}`, import.meta.url), 'utf8');

describe('the configuration that is generated', () => {
  test('is, for a full example, what was reviewed', async () => {
    await expect(siteOf(values).text).toMatchFileSnapshot('./golden/full.cfg');
  });

  test('is, for the minimal settings, what was reviewed', async () => {
    const least: BalancerSpec = {
      ...spec,
      listen: { host: '::1', port: 8080 },
      sticky: { by: 'address', name: '' },
      preview: undefined,
      allow: undefined,
    };
    await expect(siteOf({ ...values, spec: least }).text).toMatchFileSnapshot('./golden/least.cfg');
  });

  test('is, for an attached one with TLS and users recognised by header, what was reviewed', async () => {
    const tls = { listen: { host: '0.0.0.0', port: 8443 }, certificate: '/etc/ssl/shop.pem' };
    const text = siteOf({
      ...values,
      spec: {
        ...spec,
        sticky: { by: 'header', name: 'x-user-id' },
        allow: { by: 'cookie', name: 'who', values: ['a'] },
      },
      tls,
      logServer: { host: '127.0.0.1', port: 9514 },
    }).text;
    await expect(text).toMatchFileSnapshot('./golden/attached.cfg');
  });

  test('is, for several instances, what was reviewed', async () => {
    await expect(siteOf({ ...values, spec: severalOf(spec) }).text).toMatchFileSnapshot('./golden/instances.cfg');
  });

  test('has a global part of a few lines', async () => {
    await expect(managedText('/var/lib/bluegreen/haproxy/0123456789.run')).toMatchFileSnapshot('./golden/managed.cfg');
  });

  test('holds no token, no nonce and no name of a user', () => {
    for (const secret of ['a-token-of-the-test', 'a-nonce-of-the-test', 'alice@example.com'])
      expect(golden('full.cfg')).not.toContain(secret);
  });

  test('has a digest that identifies it: every change of a value changes the digest', () => {
    const digests = [
      values,
      { ...values, nonce: 'another-nonce' },
      { ...values, spec: { ...spec, requestTimeoutMs: 1 } },
      { ...values, spec: { ...spec, preview: undefined } },
    ].map((each) => siteOf(each).digest);
    expect(new Set(digests).size).toBe(digests.length);
    expect(siteOf(values)).toEqual(siteOf(structuredClone(values)));
  });
});

describe("HAProxy's own test", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bg-site-'));
    writeFileSync(join(folder, 'routing.map'), 'routing 0:0:none:none:0:none:none\n');
    writeFileSync(join(folder, 'unreachable.http'), unreachableAnswer);
    writeFileSync(join(folder, 'bucket-of.map'), 'abc 0\n');
    writeFileSync(join(folder, 'token-of.map'), '0 abc\n');
    writeFileSync(join(folder, 'managed.cfg'), managedText(join(folder, 'run')));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const complaint = (each: BalancerSpec): string => {
    const { text } = siteOf({
      ...values,
      spec: each,
      mapFile: join(folder, 'routing.map'),
      errorFile: join(folder, 'unreachable.http'),
      logServer: { path: join(folder, 'log') },
    });
    writeFileSync(join(folder, 'site.cfg'), text);
    try {
      const argv = ['-c', '-f', join(folder, 'managed.cfg'), '-f', join(folder, 'site.cfg')];
      execFileSync('haproxy', argv, { stdio: 'pipe' });
      return '';
    } catch (thrown) {
      return String((thrown as { stderr?: Buffer }).stderr ?? thrown);
    }
  };

  test.each([
    ['cookie', 'bg_bucket'],
    ['header', 'x-user-id'],
    ['address', ''],
  ] as const)('takes users told apart by %s', (by, name) => {
    expect(complaint({ ...spec, sticky: { by, name } })).toBe('');
  });

  test('accepts the minimal settings', () => {
    expect(complaint({ ...spec, preview: undefined, allow: undefined })).toBe('');
  });

  test('accepts several instances, and what their checks send', () => {
    expect(complaint(severalOf(spec))).toBe('');
  });

  test('accepts any text as token and as name of a user, since the file contains neither', () => {
    const nasty = ['a"b\'c', 'x\n  stats enable', '%[env(PATH)]', '$' + '{HOME}', 'ü # \\ , )', ' '];
    expect(
      complaint({
        ...spec,
        allow: { by: 'header', name: 'x-user', values: nasty },
        preview: { header: 'x-p', cookie: 'p', token: nasty.join('') },
      }),
    ).toBe('');
  });
});

describe('a value with a special meaning in the language of HAProxy', () => {
  const preview = { header: 'x-preview', cookie: 'bg_preview', token: 'a-token-of-the-test', host: undefined };
  const injections = [
    'a\n  stats enable',
    'a b',
    'a"b',
    "a'b",
    'a)b',
    'a,b',
    'a#b',
    'a%[env(PATH)]',
    'a$' + '{HOME}',
    'a\\b',
    'a\u0000',
    'a\u2028b',
    '',
  ];
  const fields: readonly (readonly [string, (value: string) => Partial<SiteValues>])[] = [
    ['the sticky cookie', (name) => ({ spec: { ...spec, sticky: { by: 'cookie', name } } })],
    ['the sticky header', (name) => ({ spec: { ...spec, sticky: { by: 'header', name } } })],
    ['the preview header', (header) => ({ spec: { ...spec, preview: { ...preview, header } } })],
    ['the preview cookie', (cookie) => ({ spec: { ...spec, preview: { ...preview, cookie } } })],
    ['the preview host', (host) => ({ spec: { ...spec, preview: { ...preview, host } } })],
    ["the allow list's header", (name) => ({ spec: { ...spec, allow: { by: 'header', name, values: ['a'] } } })],
    ["the allow list's cookie", (name) => ({ spec: { ...spec, allow: { by: 'cookie', name, values: ['a'] } } })],
    ['the host', (host) => ({ spec: { ...spec, listen: { host, port: 1 } } })],
    ['the host', (host) => ({ spec: { ...spec, upstreams: { ...spec.upstreams, blue: [{ host, port: 1 }] } } })],
    ['the host', (host) => ({ logServer: { host, port: 1 } })],
    ['the service', (service) => ({ spec: { ...spec, service } })],
    ['the target', (target) => ({ spec: { ...spec, target } })],
    ['the map file', (path) => ({ mapFile: `/tmp/${path}${path === '' ? '\n' : ''}` })],
    ['the certificate', (name) => ({ tls: { listen: spec.listen, certificate: name === '' ? '' : `/etc/${name}` } })],
  ];

  test.each(fields)('is refused by the name of its field: %s', (field, having) => {
    for (const injection of injections)
      expect(() => siteOf({ ...values, ...having(injection) }), JSON.stringify(injection)).toThrow(
        `${field} has no place in a configuration of HAProxy`,
      );
  });
});
