// The generated configuration, compared with files that are reviewed like code, and what it must never contain.
// To accept a wanted change: UPDATE_GOLDEN=1 vitest run src/load-balancer/nginx/site.test.ts, and read the difference.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BalancerSpec } from '../load-balancer.ts';
import { ensureBucketFiles, placesOf } from './places.ts';
import { mainText, type SiteParts, siteText } from './site.ts';

const spec: BalancerSpec = {
  service: 'shop',
  target: 'production',
  listen: { host: '0.0.0.0', port: 8080 },
  upstreams: { blue: [{ host: '127.0.0.1', port: 8001 }], green: [{ host: '127.0.0.1', port: 8002 }] },
  sticky: { by: 'cookie', name: 'bg_bucket' },
  preview: { header: 'X-Preview', cookie: 'bg_preview', token: 'a-token-of-sixteen', host: 'preview.example.com' },
  allow: { by: 'header', name: 'x-user', values: ['alice@example.com', 'Bob "B" Ross'] },
  requestTimeoutMs: 60_000,
  drainSpreadMs: 0,
};
const parts = (changes: Partial<BalancerSpec> = {}, tls?: SiteParts['tls']): SiteParts => ({
  spec: { ...spec, ...changes },
  places: placesOf('/srv/state/nginx', spec),
  nonce: 'nonce0123456789',
  tls,
});
const plain: Partial<BalancerSpec> = { preview: undefined, allow: undefined, sticky: { by: 'address', name: '' } };
const secured: SiteParts['tls'] = {
  listen: { host: '::', port: 8443 },
  certificate: '/etc/my certs/shop.pem',
  key: '/etc/my certs/shop.key',
};

const wholeText = (given: SiteParts, user?: string) => mainText(given, siteText(given), { user, openFiles: 1_048_576 });

describe('the generated configuration', () => {
  test.each([
    ['everything.conf', () => wholeText(parts({}, secured), 'nobody nogroup')],
    ['plain.conf', () => wholeText(parts(plain))],
    [
      'included.conf',
      () =>
        siteText(
          parts({
            sticky: { by: 'header', name: 'X-User-Id' },
            allow: { by: 'cookie', name: 'user.id', values: ['7'] },
          }),
        ).text,
    ],
  ])('is that of golden/%s', (name, render) => {
    const golden = join(import.meta.dirname, 'golden', name);
    if (process.env.UPDATE_GOLDEN) writeFileSync(golden, render());
    expect(render()).toBe(readFileSync(golden, 'utf8'));
  });

  test('carries a digest that changes with any of its values, and with nothing else', () => {
    const digest = siteText(parts()).digest;
    expect(siteText(parts()).digest).toBe(digest);
    expect(siteText(parts({ requestTimeoutMs: 60_001 })).digest).not.toBe(digest);
    expect(siteText(parts({}, secured)).digest).not.toBe(digest);
  });
});

describe('nginx itself', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bg with space '));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function check(changes: Partial<BalancerSpec>): string {
    const given = { ...parts(changes), places: placesOf(folder, spec) };
    mkdirSync(given.places.temp, { recursive: true });
    ensureBucketFiles(given.places, { bucketOf: 'abc 0000;\n', tokenOf: '0000 abc;\n' });
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, wholeText(given));
    execFileSync('nginx', ['-t', '-q', '-p', folder, '-c', file], { stdio: 'pipe' });
    return readFileSync(file, 'utf8');
  }

  test.each<readonly [string, Partial<BalancerSpec>]>([
    ['everything', {}],
    ['nothing but the routing', plain],
    [
      'IPv6',
      { listen: { host: '::1', port: 8080 }, upstreams: { ...spec.upstreams, blue: [{ host: '::1', port: 1 }] } },
    ],
    ['a thousand named users', { allow: { by: 'header', name: 'x-user', values: names(1000) } }],
    ['users by cookie', { allow: { by: 'cookie', name: 'user.id', values: names(1000) } }],
  ])('takes %s', (_what, changes) => {
    check(changes);
  });

  const hostile = [
    'a"; } server { listen 1; } #',
    "a'; return 200 pwned; #",
    'a; load_module evil.so',
    ['$', '{evil}', '$evil'].join(''),
    '~^.*$',
    'default',
    'volatile',
    '\\"; include /etc/passwd; #',
    '(?:a+)+$',
    '{{v}}{{#each}}',
    'ünïcödé ☃',
  ];

  test.each(hostile)(
    'takes %j as a value of an allow list and as a token, and nothing of it as a directive',
    (value) => {
      const withValue = (each: string): Partial<BalancerSpec> => ({
        service: each,
        target: each,
        allow: { by: 'header', name: 'x-user', values: [each] },
        preview: { header: 'x-preview', cookie: 'c', token: each },
      });
      expect(structure(check(withValue(value)))).toEqual(structure(check(withValue('harmless'))));
    },
  );

  test('gets no value that could be more than a value: each is refused by its name', () => {
    const wrong: readonly (readonly [string, Partial<BalancerSpec>])[] = [...hostile, 'a\nb', 'a\0b', ''].flatMap(
      (value) => [
        ['preview.header', { preview: { header: value, cookie: 'c', token: 't' } }] as const,
        ['sticky.name', { sticky: { by: 'header', name: `${value} ` } }] as const,
        ['sticky.name', { sticky: { by: 'cookie', name: `${value};` } }] as const,
        ['allow.name', { allow: { by: 'header', name: `${value}.`, values: ['a'] } }] as const,
        ['allow.name', { allow: { by: 'cookie', name: `${value};`, values: ['a'] } }] as const,
        ['preview.cookie', { preview: { header: 'h', cookie: `${value}=`, token: 't' } }] as const,
        ['preview.host', { preview: { header: 'h', cookie: 'c', token: 't', host: `${value}/` } }] as const,
        ['listen', { listen: { host: `${value} `, port: 1 } }] as const,
        ['blue', { upstreams: { ...spec.upstreams, blue: [{ host: `${value};`, port: 1 }] } }] as const,
      ],
    );
    for (const [what, changes] of wrong) {
      if (what === 'preview.header' && ['default', 'volatile'].includes(changes.preview?.header ?? '')) continue;
      expect(() => siteText(parts(changes)), `${what} ${JSON.stringify(changes)}`).toThrow(
        expect.objectContaining({ code: 'config-invalid', message: expect.stringContaining(what) }),
      );
    }
    for (const value of ['a\nb', 'a\0b', ''])
      expect(() => siteText(parts({ allow: { by: 'header', name: 'x', values: [value] } }))).toThrow(/allow\.values/);
    for (const port of [0, 65_536, 1.5, Number.NaN])
      expect(() => siteText(parts({ listen: { host: '127.0.0.1', port } }))).toThrow(/listen/);
    for (const certificate of ['/a$b', '/a\nb'])
      expect(() => siteText(parts({}, { ...secured, certificate } as SiteParts['tls']))).toThrow(/certificate/);
    expect(() => siteText({ ...parts(), places: placesOf('/srv/$host', spec) })).toThrow(/state folder/);
  });
});

/** Only the directives: comments left out, quoted texts and our own prefix made equal. */
function structure(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => !line.trim().startsWith('#'))
    .map((line) => line.replaceAll(/"(?:[^"\\]|\\.)*"/g, '"…"').replaceAll(/bg_\w*?_[0-9a-f]{6}/g, 'bg'));
}

function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `a rather long name of user ${at}, "quoted" @ example.com`);
}
