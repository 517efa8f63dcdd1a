// A service behind a TLS terminator: what `trustedProxies` of the configuration makes of the headers that reach a release.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deployed, onStage, type Stage } from './support/stage.ts';

const quick = '        canary: []\n        bake: 1s\n';
const forged = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' };

it.each(['embedded', 'nginx', 'haproxy'] as const)(
  '%s: the headers of a trusted terminator count, those of another sender do not',
  { timeout: 120_000 },
  async (driver) => {
    const attached = () => ({ driver, trustedProxies: ['127.0.0.1/32'] });
    await onStage({ target: quick, attached }, async (stage, engine) => {
      await addEcho(stage);
      expect(await deployed(engine, 'v1.0')).toMatchObject({ outcome: { kind: 'promoted' } });
      const terminator = await startTerminator(stage);
      const { port } = terminator.address() as AddressInfo;
      const user = { host: '127.0.0.1', port, path: '/echo', rejectUnauthorized: false, localAddress: '127.0.0.3' };
      const seen = await answerOf(httpsRequest({ ...user, headers: { host: 'shop.example' } }));
      terminator.close();
      expect(seen).toMatchObject({
        'x-forwarded-proto': 'https',
        'x-forwarded-for': '127.0.0.3, 127.0.0.1',
        'x-forwarded-host': 'shop.example',
        'x-real-ip': '127.0.0.3',
      });

      const stranger = { host: '127.0.0.1', port: stage.ports.front, path: '/echo', localAddress: '127.0.0.2' };
      expect(await answerOf(httpRequest({ ...stranger, headers: { host: 'a', ...forged } }))).toMatchObject({
        'x-forwarded-proto': 'http',
        'x-forwarded-for': '127.0.0.2',
        'x-forwarded-host': 'a',
        'x-real-ip': '127.0.0.2',
      });
    });
  },
);

/** The release reports what it was sent. */
async function addEcho({ folder }: Stage): Promise<void> {
  const file = join(folder, 'releases/shop/v1.0/shop.mjs');
  const text = await readFile(file, 'utf8');
  const route = "  'GET /echo': (_shop, request, response) => sendJson(response, 200, request.headers),\n";
  const changed = text.replace("  'GET /health'", () => `${route}  'GET /health'`);
  expect(changed).not.toBe(text);
  await writeFile(file, changed);
}

/** As terminators do: it says who asked, and that it was over TLS. */
async function startTerminator({ folder, ports }: Stage): Promise<Server> {
  const [key, certificate] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const files = ['-subj', '/CN=shop.example', '-keyout', key, '-out', certificate];
  execFileSync('openssl', ['req', ...kind, ...files], { stdio: 'ignore' });
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
    const headers = {
      ...request.headers,
      'x-forwarded-for': `${request.socket.remoteAddress}`,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': `${request.headers.host}`,
    };
    const passed = { host: '127.0.0.1', port: ports.front, path: request.url, headers, localAddress: '127.0.0.1' };
    const outgoing = httpRequest(passed, (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502)));
    outgoing.on('error', () => response.destroy()).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function answerOf(outgoing: ReturnType<typeof httpRequest>): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    outgoing.on('error', reject).on('response', async (answer: IncomingMessage) => {
      let text = '';
      for await (const chunk of answer.setEncoding('utf8')) text += chunk;
      resolve(JSON.parse(text) as IncomingHttpHeaders);
    });
    outgoing.end();
  });
}
