// Takes HAProxy's log lines from a local socket, counts them, stores them in a file of limited size for a person who
// follows one request, and answers the engine over a second socket. HAProxy's ring stores lines while no collector
// listens; lines that are lost all the same show as a difference to HAProxy's own totals.

import { rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { pause, systemClock } from '../../../lib/clock.ts';
import type { SocketAddress } from '../../../lib/command-socket.ts';
import { messageOf } from '../../../lib/errors.ts';
import { requestOverSocket } from '../../../lib/http.ts';
import { type Counters, createCounters } from '../../counting/counters.ts';
import { createRuntime } from '../runtime.ts';
import { createAccessLog } from './access-log.ts';
import { createLineReader } from './lines.ts';
import { createMissWatch } from './missed.ts';
import { recount } from './recount.ts';

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
  /** Of HAProxy's log lines. */
  readonly lineFormat: number;
}

export interface CollectorStatus {
  readonly pid: number;
  readonly digest: string;
}

const pollMs = 2_000;

export interface RunningCollector {
  stop(): void;
  /** Resolves when everything of it is closed. */
  readonly ended: Promise<void>;
}

/** @throws when another collector answers already, or a socket cannot be opened: nothing stays open then. */
export async function startCollector(spec: CollectorSpec, onStop: () => void): Promise<RunningCollector> {
  await refuseSecond(spec.control);
  const { counters, seen } = countsBefore(spec);
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
    const answer = countedFor(url, counters) ?? { pid: process.pid, digest: spec.digest };
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(answer));
    if (request.method === 'POST' && url.pathname === '/stop') stop();
  });
  const ending = new AbortController();
  let watching: Promise<void> = Promise.resolve();
  const closed = Promise.withResolvers<void>();
  const stop = () => {
    if (ending.signal.aborted) return;
    ending.abort();
    const servers = [lines, control].map((server) => new Promise((resolve) => server.close(resolve)));
    for (const socket of connections) socket.destroy();
    onStop();
    void Promise.allSettled([...servers, watching, access.close()]).then(() => closed.resolve());
  };
  if ('path' in spec.lines) rmSync(spec.lines.path, { force: true });
  rmSync(spec.control, { force: true });
  try {
    await listen(lines, spec.lines);
    await listen(control, { path: spec.control });
  } catch (thrown) {
    stop();
    throw thrown;
  }
  const watch = createMissWatch({
    runtimes: spec.nodes.map(runtimeOf(spec)),
    name: spec.name,
    file: spec.counted,
    seen,
  });
  watching = pollUntil(spec.name, ending.signal, async () => counters.miss(await watch.look()));
  return { stop, ended: closed.promise };
}

/** Undefined where it asks for something else. */
function countedFor({ pathname, searchParams }: URL, counters: Counters): object | undefined {
  const since = Number(searchParams.get('since') ?? 0);
  if (pathname === '/traffic') return counters.traffic(since);
  if (pathname === '/failures') return counters.failures(searchParams.get('slot') === 'blue' ? 'blue' : 'green', since);
  return undefined;
}

/** Continues where the process before it ended. */
function countsBefore({ accessLog, counted, key, name }: CollectorSpec) {
  let replayed: number | undefined;
  const counters = createCounters(() => replayed ?? systemClock.now());
  const seen = { blue: 0, green: 0 };
  const readerInto = (lines: typeof seen) => createLineReader({ key, name, counters, seen: lines });
  const readers = { compared: readerInto({ blue: 0, green: 0 }), later: readerInto(seen) };
  const at = (ms: number) => {
    replayed = ms;
  };
  recount({ accessLog, counted, now: systemClock.now(), readers, at });
  replayed = undefined;
  return { counters, seen };
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

async function pollUntil(name: string, signal: AbortSignal, look: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await look().catch((thrown) =>
      process.stderr.write(`${name}: cannot compare with HAProxy's totals: ${messageOf(thrown)}\n`),
    );
    await pause(systemClock, pollMs, signal);
  }
}
