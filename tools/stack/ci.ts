// A simulated CI: it packs what was built, stores it for the receiver to fetch, and announces it with a signature, in
// the way that any sender can (standardwebhooks.com).

import { createHash, createHmac, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { commitOf, layReleases, releaseVersions } from '../sample-shop/build-releases.ts';

export interface CiOptions {
  readonly port: number;
  /** For what it builds. */
  readonly folder: string;
  /** Of the receiver. */
  readonly hooks: string;
  /** The one that the receiver has for its generic hook: `whsec_…`. */
  readonly secret: string;
}

export interface Announced {
  readonly version: string;
  /** Of the archive. */
  readonly sha256: string;
  /** When it was sent (epoch ms). */
  readonly at: number;
  /** How the receiver answered. */
  readonly status: number;
}

export interface Ci {
  readonly url: string;
  /** @throws when there is no such version, or the receiver does not take it */
  announce(version: string): Promise<Announced>;
  close(): Promise<void>;
}

export async function startCi(options: CiOptions): Promise<Ci> {
  await layReleases(options.folder);
  const versions = await releaseVersions();
  const url = `http://127.0.0.1:${options.port}`;
  let run = 0;

  const announce = async (version: string): Promise<Announced> => {
    if (!versions.includes(version)) throw new Error(`CI knows no ${version}: it has ${versions.join(', ')}`);
    run += 1;
    const sha256 = createHash('sha256')
      .update(await archiveOf(options, version))
      .digest('hex');
    const at = Date.now();
    const status = await send(options, {
      event: 'build',
      service: 'shop',
      version,
      repository: 'acme/shop',
      branch: 'main',
      commit: commitOf(version),
      committedAt: new Date(at).toISOString(),
      subject: `Sample shop ${version}`,
      url: `${url}/acme/shop/runs/${run}`,
      run: `${at}.${run}`,
      authors: [{ name: 'Alice Moreau', email: 'alice@example.com' }],
      artifact: { url: `${url}/shop-${version}.tar.gz`, sha256 },
    });
    return { version, sha256, at, status };
  };

  const server = createServer((request, response) => void serve(request, response, { options, versions, announce }));
  await listen(server, options.port);
  return {
    url,
    announce,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const sendLimitMs = 10_000;

async function send({ hooks, secret }: CiOptions, build: object): Promise<number> {
  const id = `msg_${randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const body = JSON.stringify(build);
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  const answer = await fetch(`${hooks}/hooks/generic`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    },
    body,
    signal: AbortSignal.timeout(sendLimitMs),
  });
  if (!answer.ok) throw new Error(`the receiver answered ${answer.status}: ${await answer.text()}`);
  return answer.status;
}

interface Serving {
  readonly options: CiOptions;
  readonly versions: readonly string[];
  readonly announce: Ci['announce'];
}

async function serve(
  { method, url = '', headers }: IncomingMessage,
  response: ServerResponse,
  { options, versions, announce }: Serving,
): Promise<void> {
  const say = (status: number, text: string): void =>
    void response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
  // A page in a browser must not announce builds here.
  if (headers.origin !== undefined || headers.host !== `127.0.0.1:${options.port}`) return say(403, 'not for browsers');
  const version = versions.find((each) => [`/shop-${each}.tar.gz`, `/announce/${each}`].includes(url));
  try {
    if (version !== undefined && method === 'POST') {
      const { sha256, status } = await announce(version);
      return say(200, `${version} is announced (${status}), sha256 ${sha256}`);
    }
    if (version !== undefined && url.endsWith('.tar.gz')) {
      const archive = await archiveOf(options, version);
      response.writeHead(200, { 'content-type': 'application/gzip', 'content-length': archive.length }).end(archive);
    } else if (url.startsWith('/acme/shop/runs/')) say(200, 'Every step of this run was green.');
    else say(404, `POST /announce/<version> announces one of ${versions.join(', ')}`);
  } catch (thrown) {
    say(502, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** The same bytes for the same files, whenever they were written. */
async function archiveOf({ folder }: CiOptions, version: string): Promise<Buffer> {
  const release = join(folder, 'shop', version);
  const names = readdirSync(release, { recursive: true, encoding: 'utf8' }).toSorted();
  const entries = names
    .filter((name) => statSync(join(release, name)).isFile())
    .map((name) => {
      const body = readFileSync(join(release, name));
      const header = { name, type: 'file' as const, mode: 0o644, size: body.length, mtime: new Date(0) };
      return { header, body };
    });
  return gzipSync(await packTar(entries));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
}
