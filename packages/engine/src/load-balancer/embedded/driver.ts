// The embedded balancer: our own process for all targets of a folder, which outlives the engine and stores each
// target's routing itself.

import { isDeepStrictEqual } from 'node:util';
import type { Fence, ObservedNode, Routing } from '../../domain/routing.ts';
import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError, hasCode, messageOf } from '../../lib/errors.ts';
import { writeFileAtomic } from '../../lib/files.ts';
import type { Log } from '../../lib/log.ts';
import { poll } from '../../lib/poll.ts';
import { withReserve } from '../../lib/reserve.ts';
import type { CountingBalancer } from '../capabilities.ts';
import { hasSeveral, instanceHeader } from '../instances/checks.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { type ControlClient, createControlClient, createHostClient, wholeRouting } from './control-client.ts';
import type { ProxySpec, ProxyStatus } from './proxy-spec.ts';
import { type ProxyFiles, proxyFiles, proxySpec, specText } from './spec-file.ts';
import { isServedAgain, startProxy } from './start-proxy.ts';

export interface EmbeddedOptions {
  readonly spec: BalancerSpec;
  /** Absolute; shared by all targets. Its path may have 90 bytes at most. */
  readonly folder: string;
  /** Absolute path of Node. */
  readonly node: string;
  /** Absolute path of the proxy's `main.ts`. */
  readonly proxyEntry: string;
  /** One line per request in a file next to the balancer's own log. */
  readonly accessLog?: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

interface Parts extends EmbeddedOptions {
  readonly files: ProxyFiles;
  readonly wanted: ProxySpec;
  readonly control: ControlClient;
}

const ensureTries = 3;
const shutdownLimitMs = 15_000;

/** Touches nothing but the probe's nonce until `ensure` is called. @throws `config-invalid` for a folder that is too long. */
export function createEmbeddedBalancer(options: EmbeddedOptions): CountingBalancer {
  const files = proxyFiles(options.folder, options.spec);
  const wanted = proxySpec(options.spec, files, options.accessLog ?? false);
  const parts: Parts = { ...options, files, wanted, control: createControlClient(files.socket) };
  let ensuring: Promise<void> | undefined;
  return {
    entrypoints: [entrypointOf(options.spec)],
    probeHeaders: { [wanted.probe.header]: wanted.probe.nonce },
    instanceHeader,
    accessLogs: wanted.accessLog === undefined ? [] : [wanted.accessLog],
    ensure: () => {
      ensuring ??= ensure(parts).finally(() => {
        ensuring = undefined;
      });
      return ensuring;
    },
    admit: () => admit(parts),
    apply: (routing, fence) => apply(parts, routing, fence),
    observe: async () => [await observe(parts)],
    traffic: (sinceMs) => parts.control.traffic(sinceMs),
    failures: (slot, sinceMs) => parts.control.failures(slot, sinceMs),
    instances: async () => (await parts.control.instances()) ?? { blue: [], green: [] },
    shutdown: () => shutdown(parts),
  };
}

/** A running proxy follows a changed spec itself on request, so that no connection is lost. */
async function ensure(parts: Parts): Promise<void> {
  const { control, files, wanted, log, spec } = parts;
  for (let tries = 0; tries < ensureTries; tries++) {
    const status = await statusIfAny(control);
    if (status?.digest === wanted.digest) return requireAdmitted(parts);
    writeFileAtomic(files.spec, specText(wanted), 0o600);
    const name = { service: spec.service, target: spec.target, listen: entrypointOf(spec) };
    if (status === undefined) {
      const pid = await startProxy(parts);
      log.info({ ...name, pid }, 'load balancer started');
    } else {
      await control.reload().catch((thrown: unknown) => {
        throw isOutdated(parts, thrown) ? outdated(status, thrown) : thrown;
      });
      log.info({ ...name, pid: status.pid }, 'load balancer follows its changed settings');
    }
  }
  if ((await control.status()).digest === wanted.digest) return requireAdmitted(parts);
  throw new BlueGreenError(
    'balancer-unsettled',
    'another process gives the load balancer different settings all the time',
  );
}

/** Unlike `ensure` it starts no process: what does not run sends nobody anywhere. */
async function admit(parts: Parts): Promise<void> {
  const status = await parts.control.status();
  if (status.digest === parts.wanted.digest) return requireAdmitted(parts);
  return ensure(parts);
}

/** A process that an earlier version started takes the spec, and sends users to all instances. */
async function requireAdmitted({ control, wanted }: Parts): Promise<void> {
  if (wanted.admitted === undefined) return;
  const status = await control.status();
  if (isDeepStrictEqual(status.admitted, wanted.admitted)) return;
  throw new BlueGreenError(
    'balancer-unsettled',
    `the load balancer (process ${status.pid}) is of an earlier version, which leaves no instance out; ${restartHint(status.pid)}`,
  );
}

/** A process that an earlier version started reads one instance of a side only. It goes on with what it has. */
const isOutdated = ({ spec: { upstreams } }: Parts, thrown: unknown): boolean =>
  hasSeveral(upstreams) && /upstreams\.\w+ must be an object/.test(messageOf(thrown));

function outdated({ pid }: ProxyStatus, thrown: unknown): BlueGreenError {
  const what = `the load balancer (process ${pid}) is of an earlier version, which knows one instance of a side`;
  const then = `it serves what it served before; ${restartHint(pid)}`;
  return new BlueGreenError('balancer-unsettled', `${what}; ${then}`, {}, thrown);
}

const restartHint = (pid: number): string =>
  `restart it at a quiet time: kill -9 ${pid}, and its watcher starts the present version at once`;

async function apply({ control, files }: Parts, routing: Routing, fence: Fence): Promise<void> {
  await withReserve(files.routing, () => control.change({ routing, fence }));
  const seen = await control.status();
  if (isDeepStrictEqual(seen.routing, wholeRouting(routing))) return;
  throw new BlueGreenError('balancer-unsettled', 'the load balancer does not follow the routing that it accepted', {
    seen,
  });
}

async function observe({ control, spec }: Parts): Promise<ObservedNode> {
  const node = `${spec.listen.host}:${spec.listen.port}`;
  try {
    const { routing, fence, startedAt, problem } = await control.status();
    return { node, reachable: true, routing, fence, startedAt, ...(problem === undefined ? {} : { problem }) };
  } catch (thrown) {
    return { node, reachable: false, routing: undefined, problem: messageOf(thrown) };
  }
}

async function shutdown({ control, clock, files }: Parts): Promise<void> {
  const present = await statusIfAny(control);
  // The watcher may be starting a killed one again.
  const status = present ?? ((await isServedAgain({ files, clock })) ? await statusIfAny(control) : undefined);
  if (status === undefined) return;
  await control.shutdown();
  const isOver = async () => !isAlive(status.pid) || (await hasLeft(files, status.pid));
  if (!(await poll(isOver, { clock, everyMs: 50, limitMs: shutdownLimitMs })))
    throw new BlueGreenError('stop-failed', `the load balancer (process ${status.pid}) does not end`);
}

/** Whether the process goes on for other targets without this one. */
async function hasLeft(files: ProxyFiles, pid: number): Promise<boolean> {
  const host = await createHostClient(files.hostSocket)
    .status()
    .catch(() => undefined);
  return host?.pid === pid && host.specs.length > 0 && !host.specs.includes(files.spec);
}

async function statusIfAny(control: ControlClient): Promise<ProxyStatus | undefined> {
  try {
    return await control.status();
  } catch (thrown) {
    if (hasCode(thrown, 'balancer-unreachable')) return undefined;
    throw thrown;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Where the engine itself reaches the users' side. */
function entrypointOf({ listen: { host, port } }: BalancerSpec): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
