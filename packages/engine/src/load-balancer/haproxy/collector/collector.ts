// Takes HAProxy's log lines from a local socket, counts them, keeps them in a file of limited size for whoever follows one
// request, and answers the engine over a socket of its own. HAProxy's ring keeps lines while nobody listens; what is lost
// all the same shows as a difference to HAProxy's own totals.

import { rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { pause, systemClock } from '../../../lib/clock.ts';
import type { SocketAddress } from '../../../lib/command-socket.ts';
import { messageOf } from '../../../lib/errors.ts';
import { requestOverSocket } from '../../../lib/socket-http.ts';
import { createCounters } from '../../counting/counters.ts';
import { createRuntime } from '../runtime.ts';
import { createAccessLog } from './access-log.ts';
import { createLineReader } from './lines.ts';
import { createMissWatch } from './missed.ts';

export interface CollectorSpec {
  /** Of everything else here: a running collector with another one is replaced. */
  readonly digest: string;
  readonly name: string;
  readonly key: string;
  readonly lines: SocketAddress;
  /** Absolute path of the control socket. */
  readonly control: string;
  readonly accessLog: string;
  readonly maxLogBytes: number;
  /** Where totals survive a restart of this process. */
  readonly counted: string;
  readonly nodes: readonly { readonly name: string; readonly socket: SocketAddress }[];
  readonly mapFile: string;
}

export interface CollectorStatus {
  readonly pid: number;
  readonly digest: string;
}

const pollMs = 2_000;

/** @throws when another collector answers already, or a socket cannot be had. */
export async function startCollector(spec: CollectorSpec): Promise<{ stop(): void }> {
  await refuseSecond(spec.control);
  const counters = createCounters(Date.now);
  const seen = { blue: 0, green: 0 };
  const access = createAccessLog(spec.accessLog, spec.maxLogBytes);
  const connections = new Set<Socket>();
  const lines = createServer((socket) => {
    connections.add(socket);
    const reader = createLineReader({ key: spec.key, name: spec.name, counters, seen });
    socket.on('data', (chunk: Buffer) => access.append(reader.take(chunk)));
    socket.on('error', () => {}).on('close', () => connections.delete(socket));
  });
  const control = createHttpServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://collector');
    const since = Number(url.searchParams.get('since') ?? 0);
    const answer = url.pathname === '/traffic' ? counters.traffic(since) : { pid: process.pid, digest: spec.digest };
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(answer));
    if (request.method === 'POST' && url.pathname === '/stop') stop();
  });
  const ending = new AbortController();
  const stop = () => {
    ending.abort();
    for (const server of [lines, control]) server.close();
    for (const socket of connections) socket.destroy();
    void access.close();
  };
  if ('path' in spec.lines) rmSync(spec.lines.path, { force: true });
  rmSync(spec.control, { force: true });
  await listen(lines, spec.lines);
  await listen(control, { path: spec.control });
  const watch = createMissWatch({
    runtimes: spec.nodes.map(runtimeOf(spec)),
    name: spec.name,
    file: spec.counted,
    seen,
  });
  void pollUntil(ending.signal, async () => counters.miss(await watch.look()));
  return { stop };
}

const runtimeOf = (spec: CollectorSpec) => (node: CollectorSpec['nodes'][number]) => ({
  name: node.name,
  runtime: createRuntime({ address: node.socket, mapFile: spec.mapFile, ring: spec.name }),
});

async function refuseSecond(control: string): Promise<void> {
  const other = await requestOverSocket({ socket: control, method: 'GET', path: '/status', timeoutMs: 1_000 }).catch(
    () => undefined,
  );
  if (other) throw new Error(`another collector answers on ${control}`);
}

function listen(server: Server, address: SocketAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, resolve);
  });
}

async function pollUntil(signal: AbortSignal, look: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await look().catch((thrown) =>
      process.stderr.write(`cannot compare with HAProxy's totals: ${messageOf(thrown)}\n`),
    );
    await pause(systemClock, pollMs, signal);
  }
}
