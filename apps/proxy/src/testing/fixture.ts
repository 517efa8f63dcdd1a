// The real proxy in its own process, with one real service behind both sides, and raw sockets for what clients hide.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProxySpec, ProxyStatus, Routing, SideCounts, SlotName, Traffic } from '@bg/engine';
import { freePort, until } from '@bg/engine/test-kit';

export const mainEntry = fileURLToPath(new URL('../main.ts', import.meta.url));

export interface Running {
  readonly port: number;
  readonly base: string;
  readonly folder: string;
  readonly spec: ProxySpec;
  readonly child: ChildProcess;
  /** Everything the process has written so far. */
  output(): string;
  control(method: string, path: string, value?: unknown): Promise<{ status: number; value: unknown }>;
  /** Next generation. */
  route(routing: Partial<Routing>): Promise<void>;
  status(): Promise<ProxyStatus>;
  counts(slot: SlotName): Promise<SideCounts>;
  stop(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Service {
  readonly port: number;
  readonly server: Server;
  close(): Promise<void>;
}

export async function startService(handler: Handler): Promise<Service> {
  const server = createServer(handler);
  const port = await listening(server);
  return { port, server, close: () => closeServer(server) };
}

/** A proxy whose blue side is `bluePort` and which sends all users there. */
export async function startProxyBefore(bluePort: number, changes: Partial<ProxySpec> = {}): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-proxy-'));
  const spec = { ...specIn(folder, await freePort(), bluePort), ...changes };
  writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec));
  const { child, output } = spawnProxy(join(folder, 'spec.json'));
  const control = (method: string, path: string, value?: unknown) => ask({ socket: spec.socket, method, path, value });
  const status = async () => (await control('GET', '/routing')).value as ProxyStatus;
  await until(() =>
    status().then(
      () => true,
      () => false,
    ),
  );
  let generation = 0;
  const route = async (routing: Partial<Routing>) => {
    const answer = await control('PUT', '/routing', { routing: { ...routing, generation: ++generation }, fence: 1 });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.value));
  };
  await route({ active: 'blue' });
  return {
    port: spec.listen.port,
    base: `http://127.0.0.1:${spec.listen.port}`,
    folder,
    spec,
    child,
    output,
    control,
    route,
    status,
    counts: async (slot) => ((await control('GET', '/traffic?since=0')).value as Traffic)[slot],
    stop: async () => {
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function spawnProxy(...args: string[]): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [mainEntry, ...args], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return { child, output: () => text };
}

export function specIn(folder: string, port: number, bluePort: number): ProxySpec {
  return {
    service: 'shop',
    target: 'production',
    listen: { host: '127.0.0.1', port },
    upstreams: { blue: [{ host: '127.0.0.1', port: bluePort }], green: [{ host: '127.0.0.1', port: bluePort }] },
    sticky: { by: 'cookie', name: 'bg_bucket' },
    preview: { header: 'X-Preview', cookie: 'bg_preview', token: 'preview-token' },
    allow: undefined,
    requestTimeoutMs: 5_000,
    drainSpreadMs: 0,
    digest: 'digest',
    socket: join(folder, 'p.sock'),
    routingFile: join(folder, 'routing.json'),
    probe: { header: 'x-bluegreen-probe', nonce: 'probe-nonce', bucketHeader: 'x-bluegreen-bucket' },
  };
}

/** Sends bytes as they are and gives everything that came back until the connection was closed, or until `enough`. */
export function exchangeRaw(
  port: number,
  bytes: string | Buffer,
  enough?: RegExp | ((received: string) => boolean),
): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const finish = () => {
      socket.destroy();
      resolve(received);
    };
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk;
      if (enough instanceof RegExp ? enough.test(received) : enough?.(received)) finish();
    });
    socket.on('error', finish);
    socket.on('close', finish);
    socket.setTimeout(60_000, finish);
  });
}

export function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

interface Question {
  readonly socket: string;
  readonly method: string;
  readonly path: string;
  readonly value?: unknown;
}

function ask({ socket, method, path, value }: Question): Promise<{ status: number; value: unknown }> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ socketPath: socket, method, path, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, value: JSON.parse(text) }));
    });
    outgoing.on('error', reject);
    outgoing.end(typeof value === 'string' ? value : value === undefined ? undefined : JSON.stringify(value));
  });
}
