// References of images, resolved by asking a registry over HTTP.

import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readImage } from '../lib/image-file.ts';
import { removeFolder } from '../lib/remove-folder.ts';
import { sha256Of } from './testing-archive.ts';
import { fetchInto, serveFiles, type TestAnswer, testSettings } from './testing-fetch.ts';

let folder: string;
const ends: (() => void)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-image-'));
  mkdirSync(join(folder, 'releases'));
});
afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await removeFolder(folder);
});

const manifest = Buffer.from(
  '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}',
);
const digest = `sha256:${sha256Of(manifest)}`;

async function serve(answer: TestAnswer) {
  const { port, requests, close } = await serveFiles(answer);
  ends.push(close);
  return { registry: `127.0.0.1:${port}`, port, requests };
}

const giving: RequestListener = (_, response) => response.setHeader('docker-content-digest', digest).end(manifest);

const resolve = (reference: string, port: number, authorization?: string) =>
  fetchInto(
    folder,
    { kind: 'image', reference },
    testSettings({ hosts: [{ name: '127.0.0.1', port, http: true, privateAddresses: true, authorization }] }),
  );

describe('a reference of an image', () => {
  it('becomes the digest that its tag has now, and a release that names it', async () => {
    const { registry, port, requests } = await serve(giving);
    expect(await resolve(`${registry}/acme/shop:v1`, port)).toMatchObject({ sha256: sha256Of(manifest) });
    expect(requests.map(({ url }) => url)).toEqual(['/v2/acme/shop/manifests/v1']);
    expect(requests[0]?.headers.accept).toContain('application/vnd.oci.image.index.v1+json');
    expect(readImage(join(folder, 'releases', 'v1'))).toEqual({ name: `${registry}/acme/shop`, digest });
  });

  it('with a digest is proved to be that one', async () => {
    const { registry, port, requests } = await serve(giving);
    await resolve(`${registry}/acme/shop:v1@${digest}`, port);
    expect(requests[0]?.url).toBe(`/v2/acme/shop/manifests/${digest}`);
    await removeFolder(join(folder, 'releases', 'v1'));
    await expect(resolve(`${registry}/acme/shop@sha256:${'a'.repeat(64)}`, port)).rejects.toThrow(
      `gives ${digest} as ${registry}/acme/shop@sha256:${'a'.repeat(64)}`,
    );
    expect(readdirSync(join(folder, 'releases'))).toEqual([]);
  });

  it('is asked for with a token where the registry wants one', async () => {
    const { registry, port, requests } = await serve((request, response) => {
      if (request.url?.startsWith('/token')) return void response.end('{"token":"abc"}');
      if (request.headers.authorization === 'Bearer abc') return void response.end(manifest);
      const wanted = `Bearer realm="http://${registry}/token",service="reg",scope="repository:acme/shop:pull"`;
      response.writeHead(401, { 'www-authenticate': wanted }).end();
    });
    await resolve(`${registry}/acme/shop:v1`, port, 'Basic dGVzdA==');
    expect(requests.map(({ url }) => url)).toEqual([
      '/v2/acme/shop/manifests/v1',
      '/token?service=reg&scope=repository%3Aacme%2Fshop%3Apull',
      '/v2/acme/shop/manifests/v1',
    ]);
    expect(requests[1]?.headers.authorization).toBe('Basic dGVzdA==');
  });

  it('is read with a byte order mark, in its own file and in the answer of a registry', async () => {
    const mark = '\ufeff';
    const { registry, port } = await serve((request, response) => {
      if (request.url?.startsWith('/token')) return void response.end(`${mark}{"token":"abc"}`);
      if (request.headers.authorization === 'Bearer abc') return void response.end(manifest);
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${registry}/token"` }).end();
    });
    expect(await resolve(`${registry}/acme/shop:v1`, port)).toMatchObject({ sha256: sha256Of(manifest) });
    const release = join(folder, 'releases', 'v1');
    writeFileSync(join(release, 'bluegreen.image.json'), `${mark}${JSON.stringify({ name: 'acme/shop', digest })}`);
    expect(readImage(release)).toEqual({ name: 'acme/shop', digest });
  });

  it('keeps the token of one registry from the host that it redirects to', async () => {
    const second = await serve(giving);
    const { registry, port } = await serve((request, response) => {
      if (request.url?.startsWith('/token')) return void response.end('{"token":"abc"}');
      if (request.headers.authorization === 'Bearer abc')
        return void response.writeHead(307, { location: `http://${second.registry}/manifest` }).end();
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${registry}/token"` }).end();
    });
    const allowed = { name: '127.0.0.1', http: true, privateAddresses: true, authorization: undefined };
    const hosts = [port, second.port].map((each) => ({ ...allowed, port: each }));
    await fetchInto(folder, { kind: 'image', reference: `${registry}/acme/shop:v1` }, testSettings({ hosts }));
    expect(second.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('gives no secret to a token server that is not allowed', async () => {
    const other = await serve((_, response) => void response.end('{"token":"abc"}'));
    const { registry, port } = await serve((_, response) =>
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${other.registry}/token"` }).end(),
    );
    await expect(resolve(`${registry}/acme/shop:v1`, port, 'Basic dGVzdA==')).rejects.toThrow(
      'is not one of the hosts',
    );
    expect(other.requests).toEqual([]);
  });

  it.each(['shop', 'shop:v1', 'acme/shop:v1', 'registry.example.com/Shop', 'registry.example.com/../x', 'x y', ''])(
    '%j names no registry or no image',
    async (reference) => {
      await expect(resolve(reference, 1)).rejects.toThrow('does not name an image with its registry');
    },
  );

  it.each(['', ':latest'])(
    'that ends in %j and has no digest names no version, and no registry is asked',
    async (end) => {
      const { registry, port, requests } = await serve(giving);
      await expect(resolve(`${registry}/acme/shop${end}`, port)).rejects.toThrow('names no version of the image');
      expect(requests).toEqual([]);
      expect(await resolve(`${registry}/acme/shop${end}@${digest}`, port)).toMatchObject({
        sha256: sha256Of(manifest),
      });
    },
  );

  it('that does not exist, or is on a host that is not allowed, is refused', async () => {
    const { registry, port } = await serve((_, response) => response.writeHead(404).end());
    await expect(resolve(`${registry}/acme/shop:v1`, port)).rejects.toThrow('answers 404 when it is asked for');
    await expect(resolve('registry.example.com/acme/shop:v1', port)).rejects.toThrow('is not one of the hosts');
    expect(readdirSync(join(folder, 'releases'))).toEqual([]);
  });
});
