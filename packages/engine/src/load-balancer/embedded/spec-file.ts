// Where the files of one target's balancer are, and the spec that its process reads.

import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { SlotName } from '../../domain/target.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { readOrCreateFile } from '../../lib/file-once.ts';
import { checksOf, hasSeveral } from '../instances/checks.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import type { ProxySpec } from './proxy-spec.ts';

export const bucketHeader = 'x-bluegreen-bucket';

export interface ProxyFiles {
  readonly spec: string;
  readonly routing: string;
  readonly log: string;
  readonly accessLog: string;
  readonly nonce: string;
  readonly socket: string;
  /** The socket where the process that serves all targets of this folder accepts further ones. */
  readonly hostSocket: string;
  /** Held while a target is started, so that two do not start two processes. */
  readonly startLock: string;
  /** Names the process that starts the proxy again when it was killed. */
  readonly watcher: string;
}

const maxSocketPathBytes = 107;

/** All in one folder, whatever the number of targets. @throws `config-invalid` for a folder too long for a socket. */
export function proxyFiles(folder: string, { service, target }: BalancerSpec): ProxyFiles {
  const base = join(folder, `${service}.${target}`);
  const short = createHash('sha256').update(`${service}/${target}`).digest('hex').slice(0, 10);
  const socket = join(folder, `${short}.sock`);
  if (Buffer.byteLength(socket) > maxSocketPathBytes)
    throw new BlueGreenError('config-invalid', `the state folder's path is too long for a unix socket: ${socket}`);
  return {
    spec: `${base}.spec.json`,
    routing: `${base}.routing.json`,
    log: `${base}.log`,
    accessLog: `${base}.access.log`,
    nonce: `${base}.probe`,
    socket,
    hostSocket: join(folder, 'proxy.targets'),
    startLock: join(folder, 'proxy.starting'),
    watcher: join(folder, 'proxy.watcher'),
  };
}

/** The same for every process that works on this folder, so that their digests agree. */
export function proxySpec(spec: BalancerSpec, files: ProxyFiles, keepsAccessLog: boolean): ProxySpec {
  const nonce = readOrCreateFile(files.nonce, () => randomBytes(24).toString('hex'));
  const probe = { header: 'x-bluegreen-probe', nonce, bucketHeader };
  const { service, target, listen, upstreams, sticky, preview, allow, requestTimeoutMs, drainSpreadMs } = spec;
  const { trustedProxies, maxHeaderBytes, healthPath } = spec;
  const limits = { requestTimeoutMs, drainSpreadMs, trustedProxies, maxHeaderBytes };
  const { admitted } = spec;
  const several = hasSeveral(upstreams)
    ? { checks: checksOf(spec), sticky, ...(admitted ? { admitted } : {}) }
    : { sticky: asOneInstance(sticky) };
  const named = { service, target, listen, upstreams, ...several, preview, allow, healthPath, ...limits };
  const accessLog = keepsAccessLog ? { accessLog: files.accessLog } : {};
  const whole = { ...named, socket: files.socket, routingFile: files.routing, ...accessLog, probe };
  const written = { ...whole, upstreams: asWritten(upstreams) };
  return { ...whole, digest: createHash('sha256').update(canonical(written)).digest('hex') };
}

/** Nothing about instances: what a proxy of an earlier version reads, under the digest that it had. */
const asOneInstance = ({ by, name }: BalancerSpec['sticky']) => ({ by, name });

/** What the spec file holds. */
export const specText = (spec: ProxySpec): string =>
  `${JSON.stringify({ ...spec, upstreams: asWritten(spec.upstreams) }, undefined, 2)}\n`;

/** A side's only instance is written as an address alone: what a proxy of an earlier version reads and goes on with. */
function asWritten({ blue, green }: BalancerSpec['upstreams']) {
  const side = (instances: BalancerSpec['upstreams'][SlotName]) => (instances.length === 1 ? instances[0] : instances);
  return { blue: side(blue), green: side(green) };
}

/** JSON with sorted keys: equal values give equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
