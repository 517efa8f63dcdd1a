// A registry for tests: Debian's docker-registry, behind a door of this process that asks for a password or cuts answers.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { freePorts } from '../../../lib/testing/ports.ts';
import { testImage } from './test-image.ts';

const program = '/usr/bin/docker-registry';
const readyMs = 60_000;

export type Source = string | { readonly folder: string };

export interface TestRegistry {
  /** `127.0.0.1:port`, which Docker asks without TLS. */
  readonly name: string;
  /** Whoever gives no other user and password is refused; undefined: everybody may. */
  login: { readonly username: string; readonly password: string } | undefined;
  /** The answer to each request for a layer ends after so many bytes. */
  cutAfter: number | undefined;
  /** An image whose program is this module, or the `server.mjs` of a folder. @returns its digest */
  publish(docker: Docker, repository: string, source: Source): Promise<string>;
  close(): Promise<void>;
}

/** Undefined where it is not installed and may not be. */
export async function startRegistry(): Promise<TestRegistry | undefined> {
  if (!existsSync(program)) install();
  if (!existsSync(program)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'bg-registry-'));
  const [port = 0, behind = 0] = await freePorts(2);
  writeFileSync(join(folder, 'config.yml'), configText(folder, behind));
  const child = spawn(program, ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
  const state: Door = { login: undefined, cutAfter: undefined };
  const door = createServer((asked, answer) => pass(state, behind, { asked, answer }));
  await new Promise<void>((resolve) => door.listen(port, '127.0.0.1', resolve));
  await ready(behind);
  const name = `127.0.0.1:${port}`;
  return Object.assign(state, {
    name,
    publish: (docker: Docker, repository: string, source: Source) => publish(docker, `${name}/${repository}`, source),
    close: () => close(door, child, folder),
  });
}

function install(): void {
  if (process.env.CI !== 'true' && process.env.BLUEGREEN_TEST_DOCKERD !== '1') return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const args = ['install', '-y', '-qq', '--no-install-recommends', 'docker-registry'];
  spawnSync('apt-get', args, { stdio: 'ignore', timeout: 240_000, env });
}

const configText = (folder: string, port: number): string => `
version: 0.1
storage: { filesystem: { rootdirectory: ${join(folder, 'data')} }, delete: { enabled: true } }
http: { addr: "127.0.0.1:${port}" }
log: { level: error }
`;

interface Door {
  login: TestRegistry['login'];
  cutAfter: number | undefined;
}

interface Passing {
  readonly asked: IncomingMessage;
  readonly answer: ServerResponse;
}

function pass({ login, cutAfter }: Door, port: number, { asked, answer }: Passing): void {
  const expected = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  if (expected !== undefined && asked.headers.authorization !== expected) {
    answer.writeHead(401, { 'www-authenticate': 'Basic realm="test"', 'content-type': 'application/json' });
    answer.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
    return;
  }
  const { method, url, headers } = asked;
  const forwarded = request({ host: '127.0.0.1', port, method, path: url, headers }, (given) => {
    answer.writeHead(given.statusCode ?? 502, given.headers);
    let sent = 0;
    given.on('data', (bytes: Buffer) => {
      sent += bytes.length;
      answer.write(bytes);
      if (cutAfter !== undefined && method === 'GET' && url?.includes('/blobs/') && sent > cutAfter) answer.destroy();
    });
    given.on('end', () => answer.end());
  });
  forwarded.on('error', () => answer.destroy());
  answer.on('close', () => forwarded.destroy());
  asked.pipe(forwarded);
}

async function ready(port: number): Promise<void> {
  for (const until = Date.now() + readyMs; Date.now() < until; ) {
    const ok = await fetch(`http://127.0.0.1:${port}/v2/`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('docker-registry does not answer');
}

/** Of the image for tests, with this module as its program. `more`: lines of its Dockerfile. */
export async function buildImage(
  docker: Docker,
  tag: string,
  source: Source,
  more: readonly string[] = [],
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-build-'));
  try {
    if (typeof source === 'string') {
      mkdirSync(join(folder, 'app'));
      writeFileSync(join(folder, 'app', 'server.mjs'), source);
    } else cpSync(source.folder, join(folder, 'app'), { recursive: true });
    const lines = [`FROM ${testImage}`, 'ADD app /app', 'WORKDIR /app', 'ENV PATH=/usr/bin:/bin OF_IMAGE=yes'];
    writeFileSync(join(folder, 'Dockerfile'), [...lines, ...more, 'ENTRYPOINT ["node", "server.mjs"]', ''].join('\n'));
    await finished(docker, await docker.buildImage({ context: folder, src: ['Dockerfile', 'app'] }, { t: tag }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function publish(docker: Docker, repository: string, source: Source): Promise<string> {
  await buildImage(docker, `${repository}:1`, source);
  await finished(
    docker,
    await docker.getImage(`${repository}:1`).push({ tag: '1', authconfig: { base64: 'e30=' } as never }),
  );
  const { RepoDigests } = await docker.getImage(`${repository}:1`).inspect();
  const digest = RepoDigests.find((each) => each.startsWith(`${repository}@`))?.split('@')[1];
  if (digest === undefined) throw new Error(`${repository} has no digest`);
  for (const name of [`${repository}:1`, `${repository}@${digest}`])
    await docker
      .getImage(name)
      .remove({ force: true })
      .catch(() => undefined);
  return digest;
}

function finished(docker: Docker, stream: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
  });
}

async function close(door: Server, child: ChildProcess, folder: string): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  door.closeAllConnections();
  await new Promise((resolve) => door.close(resolve));
  rmSync(folder, { recursive: true, force: true });
}
