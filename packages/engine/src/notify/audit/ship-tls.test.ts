// Syslog over TLS: a real server with a certificate of an authority made here. Only the intended receiver gets rows.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Receiver, seqsOf, startStream } from '../testing/audit-receivers.ts';
import { eventually, type Newsroom, openNewsroom } from '../testing/news.ts';

const folder = mkdtempSync(join(tmpdir(), 'bg-tls-'));
const at = (name: string): string => join(folder, name);
const openssl = (...argv: readonly string[]): void =>
  void execFileSync('openssl', argv, { cwd: folder, stdio: 'pipe' });
const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const;

/** An authority of this name, and a certificate by it for `host`. */
function makeAuthority(name: string, host: string): void {
  openssl(
    'req',
    '-x509',
    ...curve,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    `${name}-ca.key`,
    '-out',
    `${name}-ca.pem`,
  );
  openssl('req', ...curve, '-subj', '/CN=receiver', '-keyout', `${name}.key`, '-out', `${name}.csr`);
  writeFileSync(at(`${name}.ext`), `subjectAltName=${host}\n`);
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    `${name}-ca.pem`,
    '-CAkey',
    `${name}-ca.key`,
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    `${name}.ext`,
    '-out',
    `${name}.pem`,
  );
}

beforeAll(() => {
  makeAuthority('ours', 'DNS:localhost,IP:127.0.0.1');
  makeAuthority('theirs', 'DNS:localhost');
  makeAuthority('elsewhere', 'DNS:logs.example.com');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function ships(certificate: string, host: string, ca?: string): Promise<{ receiver: Receiver; news: Newsroom }> {
  const tls = { key: readFileSync(at(`${certificate}.key`)), cert: readFileSync(at(`${certificate}.pem`)) };
  const receiver = await startStream({ tls });
  const authority = ca === undefined ? '' : `, ca: ${at(ca)}`;
  const news = openNewsroom({
    notify: '{}',
    audit: `{ ship: [{ name: siem, driver: syslog, address: "tls://${host}:${receiver.port}"${authority} }] }`,
  });
  opened.push(receiver, news);
  for (let row = 0; row < 3; row += 1) news.happens({ action: 'locked', detail: { until: row } });
  news.notify();
  return { receiver, news };
}

it.each(['localhost', '127.0.0.1'])(
  'goes to a receiver whose certificate is for %s, by an authority that is configured',
  async (host) => {
    const { receiver, news } = await ships('ours', host, 'ours-ca.pem');
    await eventually(() => news.engine.audit.shipped()[0]?.seq === 3);
    expect(seqsOf(receiver.messages)).toEqual([1, 2, 3]);
    expect(news.engine.status().warnings.join()).not.toContain('siem');
  },
);

it.each([
  ['of another authority', 'theirs', 'localhost', 'ours-ca.pem', /unable to verify|self-signed|issuer/],
  ['of an authority that nobody configured', 'ours', 'localhost', undefined, /unable to verify|self-signed|issuer/],
  ['for another name', 'elsewhere', 'localhost', 'elsewhere-ca.pem', /does not match|altnames/i],
  ['for names, at an address', 'theirs', '127.0.0.1', 'theirs-ca.pem', /does not match|IP/i],
  ['whose authority cannot be read', 'ours', 'localhost', 'nothing.pem', /ENOENT/],
])(
  'sends nothing to a receiver with a certificate %s, and the status says so',
  async (_what, certificate, host, ca, problem) => {
    const { receiver, news } = await ships(certificate, host, ca);
    await eventually(() => news.engine.audit.shipped()[0]?.problem !== undefined);
    expect(news.engine.audit.shipped()[0]).toMatchObject({ seq: 0, problem: expect.stringMatching(problem) });
    expect(receiver.messages).toEqual([]);
    const said = news.engine.status().warnings.find((warning) => warning.includes('siem'));
    expect(said).toMatch(/^3 rows of the audit log wait for siem \(audit\.ship\) since /);
    expect(said).toMatch(problem);
  },
);

it('that no process sends is said in the status after a while', async () => {
  const news = openNewsroom({ notify: '{}', audit: '{ ship: [{ name: copy, driver: file, path: copy.jsonl }] }' });
  opened.push(news);
  news.happens({ action: 'paused' });
  const said = () => news.engine.status().warnings.filter((warning) => warning.includes('copy'));
  expect(said()).toEqual([]);
  news.clock.advance(11 * 60_000);
  expect(said()).toEqual([expect.stringContaining('1 row of the audit log wait for copy')]);
  news.notify();
  await eventually(() => said().length === 0);
});
