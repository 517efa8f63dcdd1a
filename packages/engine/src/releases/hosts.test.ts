// Which addresses get requests, and which never: by name, by address, by redirect, and by what a name resolves to.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AllowedHost } from '../config/artifacts/settings.ts';
import { removeFolder } from '../lib/remove-folder.ts';
import { doorTo, isPrivate } from './hosts.ts';
import { gzipOf, sha256Of } from './testing-archive.ts';
import { fetchInto, serveFiles, type TestAnswer, testSettings } from './testing-fetch.ts';

const host = (name: string, more: Partial<AllowedHost> = {}): AllowedHost => ({
  name,
  port: undefined,
  http: false,
  privateAddresses: false,
  authorization: undefined,
  ...more,
});

describe('an address', () => {
  const hosts = [
    host('a.example'),
    host('*.wild.example'),
    host('b.example', { port: 8443 }),
    host('h.example', { http: true }),
  ];

  it.each([
    'https://a.example/x',
    'https://A.EXAMPLE/x',
    'https://a.example:443/x',
    'https://one.two.wild.example/x',
    'https://b.example:8443/x',
    'http://h.example/x',
  ])('%s is asked', (url) => {
    expect(doorTo(url, hosts).url.pathname).toBe('/x');
  });

  it.each([
    ['https://c.example/x', 'is not one of the hosts'],
    ['https://a.example.evil/x', 'is not one of the hosts'],
    ['https://wild.example/x', 'is not one of the hosts'],
    ['https://evilwild.example/x', 'is not one of the hosts'],
    ['https://a.example:8443/x', 'is not one of the hosts'],
    ['https://b.example/x', 'is not one of the hosts'],
    ['http://a.example/x', 'only over https'],
    ['https://a.example@c.example/x', 'must hold no password'],
    ['https://u:p@a.example/x', 'must hold no password'],
    ['file:///etc/passwd', 'only https is fetched'],
    ['ftp://a.example/x', 'only https is fetched'],
    ['no address', 'is no address'],
  ])('%s is not', (url, sentence) => {
    expect(() => doorTo(url, hosts)).toThrow(sentence);
  });

  it('is shown without what may be a secret in it', () => {
    expect(() => doorTo('https://c.example/x?X-Signature=hidden', hosts)).not.toThrow('hidden');
    expect(() => doorTo('https://c.example/x?X-Signature=hidden', hosts)).toThrow('https://c.example/x ');
  });
});

describe('an address of the network', () => {
  it.each([
    '127.0.0.1',
    '127.8.8.8',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '198.18.0.1',
    '192.0.0.192',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'nonsense',
  ])('%s is private', (address) => {
    expect(isPrivate(address)).toBe(true);
  });

  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '193.0.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s is public',
    (address) => {
      expect(isPrivate(address)).toBe(false);
    },
  );
});

describe('with real servers', () => {
  let folder: string;
  let archive: Buffer;
  const ends: (() => void)[] = [];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bg-hosts-'));
    mkdirSync(join(folder, 'releases'));
    archive = await gzipOf([{ name: 'a', body: 'a' }]);
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) end();
    await removeFolder(folder);
  });

  async function serve(answer: TestAnswer) {
    const served = await serveFiles(answer);
    ends.push(served.close);
    return served;
  }

  const fetchFrom = (url: string, hosts: readonly AllowedHost[]) =>
    fetchInto(folder, { kind: 'url', url, sha256: sha256Of(archive) }, testSettings({ hosts }));

  const here = { http: true, privateAddresses: true };

  it('a name or address of this machine is not connected to unless that is allowed', async () => {
    const { port, requests } = await serve((_, response) => void response.end(archive));
    for (const name of ['127.0.0.1', 'localhost'])
      await expect(
        fetchFrom(`http://${name}:${port}/x`, [host(name, { port, http: true })]),
        name,
      ).rejects.toMatchObject({
        code: 'artifact-refused',
        message: expect.stringMatching(new RegExp(`^${name} is (127\\.0\\.0\\.1|::1), which is no public address`)),
      });
    expect(requests).toEqual([]);
    expect(readdirSync(join(folder, 'releases'))).toEqual([]);
    await fetchFrom(`http://127.0.0.1:${port}/x`, [host('127.0.0.1', { port, ...here })]);
  });

  it('a redirect is followed to an allowed host, and the secret of the first does not follow', async () => {
    const second = await serve((_, response) => void response.end(archive));
    const first = await serve((_, response) =>
      response.writeHead(302, { location: `http://127.0.0.1:${second.port}/elsewhere` }).end(),
    );
    await fetchFrom(`http://127.0.0.1:${first.port}/x`, [
      host('127.0.0.1', { port: first.port, ...here, authorization: 'Bearer first' }),
      host('127.0.0.1', { port: second.port, ...here }),
    ]);
    expect(first.requests[0]?.headers.authorization).toBe('Bearer first');
    expect(second.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('a redirect to anywhere else is refused, and no request is sent there', async () => {
    const second = await serve((_, response) => void response.end(archive));
    const first = await serve((_, response) =>
      response.writeHead(302, { location: `http://127.0.0.1:${second.port}/elsewhere` }).end(),
    );
    await expect(
      fetchFrom(`http://127.0.0.1:${first.port}/x`, [host('127.0.0.1', { port: first.port, ...here })]),
    ).rejects.toThrow(
      `http://127.0.0.1:${first.port}/x redirects to http://127.0.0.1:${second.port}/elsewhere, and 127.0.0.1:${second.port} is not one of the hosts`,
    );
    expect(second.requests).toEqual([]);
    expect(readdirSync(join(folder, 'releases'))).toEqual([]);
  });

  it('a redirect to a file of this machine, or without end, is refused', async () => {
    const file = await serve((_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end());
    await expect(
      fetchFrom(`http://127.0.0.1:${file.port}/x`, [host('127.0.0.1', { port: file.port, ...here })]),
    ).rejects.toThrow('only https is fetched');
    const endless = await serve((_, response) => response.writeHead(302, { location: '/again' }).end());
    await expect(
      fetchFrom(`http://127.0.0.1:${endless.port}/x`, [host('127.0.0.1', { port: endless.port, ...here })]),
    ).rejects.toThrow('redirects more than 5 times');
    expect(endless.requests).toHaveLength(6);
  });

  it('a server whose certificate no authority vouches for is not trusted', async () => {
    const names = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') };
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const argv = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
    execFileSync('openssl', [...argv, '-keyout', names.key, '-out', names.cert, ...subject], { stdio: 'pipe' });
    const requests: string[] = [];
    const server = createTlsServer(
      { key: readFileSync(names.key), cert: readFileSync(names.cert) },
      (request, response) => {
        requests.push(request.url ?? '');
        response.end(archive);
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    await expect(
      fetchFrom(`https://127.0.0.1:${port}/x`, [host('127.0.0.1', { port, privateAddresses: true })]),
    ).rejects.toMatchObject({
      code: 'artifact-unavailable',
      message: expect.stringContaining('self-signed certificate'),
    });
    expect(requests).toEqual([]);
  });
});
