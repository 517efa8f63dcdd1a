// HAProxy as a load balancer: traffic is switched in its memory, in one step, and the same routing is in a file for its
// next start. It is reloaded only when its configuration changes, never to switch.

import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Fence, ObservedNode, Routing, Traffic } from '../../domain/routing.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { withFileLock } from '../../lib/file-lock.ts';
import { readOrCreateFile } from '../../lib/file-once.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import { bucketFiles } from '../buckets.ts';
import type { CountingBalancer } from '../capabilities.ts';
import { instanceHeader } from '../instances/checks.ts';
import type { ApplyOptions, BalancerSpec } from '../load-balancer.ts';
import { createFollower, type Follower } from './apply.ts';
import { ensureAttached } from './attached.ts';
import { createCollectorClient } from './collector-client.ts';
import { haproxyConfiguration, testHaproxyConfiguration } from './configuration.ts';
import { waitForLeaving } from './leaving.ts';
import { ensureManaged, shutdownManaged } from './managed.ts';
import { type HaproxyOptions, type Place, placeOf } from './options.ts';
import type { HaproxyNode, Parts } from './parts.ts';
import { createRoutingFile } from './routing-file.ts';
import { createRuntime } from './runtime.ts';
import { admit, instanceTraffic } from './side-instances.ts';
import { bucketPaths, lineKeyOf, probeHeader, siteOf, unreachableAnswer } from './site.ts';
import { createStreamCloser } from './streams.ts';

const maxAccessLogBytes = 50 << 20;

/** Touches nothing but the nonce until `ensure` is called. @throws `config-invalid` for a value that cannot be configured. */
export function createHaproxyBalancer(options: HaproxyOptions): CountingBalancer {
  const parts = partsOf(options);
  const follower = createFollower(parts);
  const closer = createStreamCloser(parts);
  let ensuring: Promise<void> | undefined;
  return {
    entrypoints: parts.nodes.map(({ entrypoint }) => entrypoint),
    probeHeaders: { [probeHeader]: nonceOf(parts.place) },
    instanceHeader,
    accessLogs: [parts.place.accessLog],
    ensure: () => {
      ensuring ??= ensure(parts).finally(() => {
        ensuring = undefined;
      });
      return ensuring;
    },
    admit: () => admit(parts),
    apply: (routing, fence, options) => apply({ parts, follower, closer }, { routing, fence }, options),
    observe: () => Promise.all(parts.nodes.map((node) => observe(node, follower))),
    traffic: (sinceMs) => traffic(parts, sinceMs),
    failures: (slot, sinceMs) => parts.collector.failures(slot, sinceMs),
    instances: () => instanceTraffic(parts),
    configuration: () => haproxyConfiguration(parts),
    testConfiguration: async () => {
      mkdirSync(parts.place.folder, { recursive: true });
      await withStartLock(parts, async () => {
        await ensureNamedFiles(parts);
        await testHaproxyConfiguration(parts);
      });
    },
    shutdown: async () => {
      if (options.settings.mode === 'managed') await shutdownManaged(parts);
      await parts.collector.stop();
    },
  };
}

function partsOf(options: HaproxyOptions): Parts {
  const { spec, settings, node, clock } = options;
  const place = placeOf(options);
  const nonce = nonceOf(place);
  const file = createRoutingFile(place.folder);
  const lines = settings.mode === 'managed' ? { path: place.collector.lines } : settings.logAddress;
  const site = siteOf({
    spec,
    name: place.name,
    mapFile: file.path,
    errorFile: place.errorFile,
    tls: settings.tls,
    logServer: lines,
    nonce,
  });
  const sockets =
    settings.mode === 'managed'
      ? [{ name: 'managed', socket: { path: place.runtimeSocket }, entrypoint: entrypointOf(spec) }]
      : settings.nodes;
  const nodes = sockets.map(
    ({ name, socket, entrypoint }): HaproxyNode => ({
      name,
      entrypoint,
      runtime: createRuntime({ address: socket, mapFile: file.path, ring: place.name }),
    }),
  );
  const collector = createCollectorClient({
    place: place.collector,
    spec: {
      name: place.name,
      key: lineKeyOf(nonce),
      lines,
      accessLog: place.accessLog,
      maxLogBytes: maxAccessLogBytes,
      nodes: sockets.map(({ name, socket }) => ({ name, socket })),
      mapFile: file.path,
    },
    node,
    cwd: options.folder,
    clock,
  });
  const [first] = nodes;
  if (first === undefined) throw new BlueGreenError('config-invalid', 'haproxy.nodes names no node');
  let made: ReturnType<typeof bucketFiles> | undefined;
  const buckets = () => {
    made ??= bucketFiles(nonce, (key, value) => `${unpadded(key)} ${unpadded(value)}`);
    return made;
  };
  return { ...options, place, site, nodes, runtime: first.runtime, file, collector, buckets };
}

/** A bucket as HAProxy writes numbers. */
const unpadded = (text: string): string => (/^\d{4}$/.test(text) ? String(Number(text)) : text);

const nonceOf = (place: Place): string => readOrCreateFile(place.nonceFile, () => randomBytes(24).toString('hex'));

async function ensure(parts: Parts): Promise<void> {
  const { place, settings, collector } = parts;
  mkdirSync(place.folder, { recursive: true });
  await withStartLock(parts, async () => {
    await collector.ensure();
    await ensureNamedFiles(parts);
    if (settings.mode === 'managed') await ensureManaged(parts);
    else await ensureAttached(parts, settings);
  });
  await admit(parts);
}

/** Longer than a start or a reload takes. @throws `lease-held` when another engine holds it for too long. */
const withStartLock = <T>({ place, clock }: Parts, work: () => Promise<T>): Promise<T> =>
  withFileLock({ path: place.lockFile, clock, holdMs: 60_000 }, work);

/** The files that the site names must exist when HAProxy reads it. */
async function ensureNamedFiles(parts: Parts): Promise<void> {
  const { place, nodes, file } = parts;
  // A file that was damaged or lost is written again from what HAProxy really does, before anything reads it.
  const inForce = await Promise.all(nodes.map(({ runtime }) => runtime.read().catch(() => undefined)));
  file.mend(inForce.find((order) => order !== undefined));
  writeFileAtomic(place.errorFile, unreachableAnswer, 0o644);
  ensureBucketFiles(parts);
}

/** Written again where they are damaged. HAProxy reads them when it starts; an attached one may run as another user. */
function ensureBucketFiles({ file, settings, buckets }: Parts): void {
  const paths = bucketPaths(file.path);
  const texts = buckets();
  for (const name of ['bucketOf', 'tokenOf'] as const)
    if (readFileIfAny(paths[name]) !== texts[name])
      writeFileAtomic(paths[name], texts[name], settings.mode === 'managed' ? 0o600 : 0o644);
}

interface Hands {
  readonly parts: Parts;
  readonly follower: Follower;
  readonly closer: ReturnType<typeof createStreamCloser>;
}

async function apply(
  { parts, follower, closer }: Hands,
  order: { readonly routing: Routing; readonly fence: Fence },
  { direction }: ApplyOptions = { direction: 'forward' },
): Promise<void> {
  if (direction === 'forward') await waitForLeaving(parts.place.leavingFile, parts.clock);
  await follower.apply(order, { direction });
  parts.log.info({ ...order, direction }, 'routing in force');
  closer.follow(order.routing);
}

async function observe({ name, entrypoint, runtime }: HaproxyNode, { laggards }: Follower): Promise<ObservedNode> {
  const node = name === 'managed' ? new URL(entrypoint).host : name;
  try {
    const order = await runtime.read();
    const problem = order === undefined ? 'the entry in the map is not a routing of this system' : laggards.get(name);
    const fence = order === undefined ? {} : { fence: order.fence };
    return { node, reachable: true, routing: order?.routing, ...fence, ...(problem === undefined ? {} : { problem }) };
  } catch (thrown) {
    return { node, reachable: false, routing: undefined, problem: messageOf(thrown) };
  }
}

/** Requests in flight come from HAProxy itself, everything else from its log. */
async function traffic({ collector, nodes, place }: Parts, sinceMs: number): Promise<Traffic> {
  const [counts, stats] = await Promise.all([
    collector.traffic(sinceMs),
    Promise.all(nodes.map(({ runtime }) => runtime.stats().catch(() => undefined))),
  ]);
  const open = (slot: 'blue' | 'green') =>
    stats.reduce((sum, each) => sum + (each?.get(`${place.name}_${slot}`)?.open ?? 0), 0);
  return {
    blue: { ...counts.blue, open: open('blue') },
    green: { ...counts.green, open: open('green') },
    missed: counts.missed,
  };
}

/** Where the engine itself reaches the users' side. */
function entrypointOf({ listen: { host, port } }: BalancerSpec): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
