// Stock nginx as load balancer: users are switched by replacing a link on the disk, which nginx follows for every request.
// No change of routing ever reloads it; its routing is what it decides, which the driver checks where users connect.

import { isDeepStrictEqual } from 'node:util';
import type { ObservedNode, Routing } from '../../domain/routing.ts';
import { BlueGreenError, hasCode, messageOf } from '../../lib/errors.ts';
import { syncFolder } from '../../lib/files.ts';
import type { CountingBalancer } from '../capabilities.ts';
import { instanceHeader } from '../instances/checks.ts';
import type { ApplyOptions } from '../load-balancer.ts';
import { ensureNginx, nginxConfiguration, testNginxConfiguration } from './ensure.ts';
import { type Present, type RoutingOrder, readPresent, removeOldGenerations, writeGeneration } from './generations.ts';
import { leaveOut, marksIn } from './health/marks.ts';
import { openPerInstance } from './in-flight.ts';
import { publish, takeLease } from './lease.ts';
import { entrypointOf, type NginxOptions, type NginxParts, partsOf } from './parts.ts';
import { probeHeader } from './site.ts';
import { traffic } from './traffic.ts';
import { explained, whyClosed } from './worker-user.ts';

const settleMs = 2_000;

/** Touches nothing but the probe's nonce until `ensure` is called. @throws `config-invalid` for values nginx cannot take */
export function createNginxBalancer(options: NginxOptions): CountingBalancer {
  const parts = partsOf(options);
  const { accessLog, health, mutex, node, nonce, spec } = parts;
  return {
    entrypoints: [entrypointOf(spec.listen)],
    probeHeaders: { [probeHeader]: nonce },
    instanceHeader,
    accessLogs: [parts.places.accessLog],
    ensure: () =>
      mutex('nginx', async () => {
        admit(parts);
        await ensureNginx(parts);
      }),
    admit: () => mutex('nginx', async () => admit(parts)),
    apply: (routing, fence, { direction } = { direction: 'forward' }) =>
      mutex('nginx', () => apply(parts, { routing: wholeRouting(routing), fence }, direction)),
    observe: async () => [await observe(parts)],
    traffic: (sinceMs) => traffic(parts, sinceMs),
    failures: async (slot, sinceMs) => {
      await accessLog.catchUp();
      return accessLog.failures(slot, sinceMs);
    },
    instances: () => openPerInstance(spec.upstreams),
    configuration: () => nginxConfiguration(parts),
    testConfiguration: () => mutex('nginx', () => testNginxConfiguration(parts)),
    shutdown: () =>
      mutex('nginx', async () => {
        await node.stop();
        await health.stop();
        accessLog.close();
      }),
  };
}

/** nginx looks for the marks with every request: they are on the disk before it begins. */
function admit({ places, spec: { admitted, upstreams } }: NginxParts): void {
  if (admitted === undefined) return;
  for (const slot of ['blue', 'green'] as const)
    if (upstreams[slot].length > 1)
      onDisk('the marks of instances', () =>
        leaveOut({
          folder: marksIn(places.routing),
          slot,
          instances: upstreams[slot].length,
          admitted: admitted[slot],
        }),
      );
}

async function apply(parts: NginxParts, order: RoutingOrder, direction: ApplyOptions['direction']): Promise<void> {
  const { places } = parts;
  const { routing, fence } = order;
  const folder = places.routing;
  onDisk('the fence', () => takeLease(folder, fence));
  const dead = await whyUnreachable(parts);
  // On the way back the disk is changed all the same: a nginx that comes up again must not go on forward.
  if (dead !== undefined && direction === 'forward') throw dead;
  const present = readPresent(folder);
  const same = present.kind === 'routing' && isDeepStrictEqual(present.routing, routing);
  if (present.kind === 'routing' && !same && routing.generation <= present.routing.generation) {
    takeLease(folder, fence); // lost meanwhile, it is the reason
    throw stale(routing, present.routing);
  }
  if (!same || present.edited) put(folder, order);
  if (dead !== undefined) throw dead;
  await settled(parts, routing).catch((thrown: unknown) => {
    throw explained(folder, thrown);
  });
  removeOldGenerations(folder);
}

/** A routing that nginx cannot read is no reason to refuse a new one; a nginx that does not answer is. */
async function whyUnreachable({ asker }: NginxParts): Promise<BlueGreenError | undefined> {
  try {
    await asker.routing();
    return undefined;
  } catch (thrown) {
    if (hasCode(thrown, 'balancer-unreachable')) return thrown;
    if (hasCode(thrown, 'balancer-unsettled')) return undefined;
    throw thrown;
  }
}

function put(folder: string, order: RoutingOrder): void {
  const target = onDisk('the routing', () => writeGeneration(folder, order));
  onDisk('the routing', () => publish(folder, order.fence, target));
  onDisk('the routing', () => syncFolder(folder));
}

/** A write is finished when nginx is seen to decide by it. */
async function settled({ asker, clock }: NginxParts, routing: Routing): Promise<void> {
  const deadline = clock.monotonic() + settleMs;
  for (;;) {
    const [seen, wrong] = await Promise.all([asker.routing(), asker.difference(routing)]);
    if (wrong === undefined && isDeepStrictEqual(seen.routing, routing)) return;
    if (clock.monotonic() > deadline)
      throw new BlueGreenError(
        'balancer-unsettled',
        `nginx does not follow its routing: ${wrong ?? `it reads generation ${seen.routing.generation}`}`,
      );
    await clock.sleep(20);
  }
}

async function observe(parts: NginxParts): Promise<ObservedNode> {
  const { spec, places, asker, accessLog, health, log } = parts;
  const node = `${spec.listen.host}:${spec.listen.port}`;
  try {
    const answers = await asker.settings();
    if (answers === undefined)
      return unseen(
        node,
        false,
        `another program answers on ${node}, or nginx with a configuration of another program`,
      );
    void accessLog.catchUp().catch(() => undefined);
    // Nothing else would notice that it was killed.
    void health.revive().catch((thrown) => log.warn({ why: messageOf(thrown) }, 'instances are not checked'));
    const present = readPresent(places.routing);
    if (present.kind === 'none') return unseen(node, true, `${places.routing}/current is missing`);
    if (present.kind === 'unreadable') return unseen(node, true, present.problem);
    const wrong = await asker.difference(present.routing);
    if (wrong === undefined) return seen(node, present);
    // A switch in between explains it; what is on the disk now is then what was decided.
    const now = readPresent(places.routing);
    if (now.kind === 'routing' && now.target !== present.target) return seen(node, now);
    return unseen(node, true, whyClosed(places.routing) ?? wrong);
  } catch (thrown) {
    return unseen(node, false, messageOf(thrown));
  }
}

/** A generation is named after the fence that it was written under. */
function seen(node: string, { routing, target }: Extract<Present, { kind: 'routing' }>): ObservedNode {
  const fence = Number(/^generations\/\d+\.(\d+)\./.exec(target)?.[1] ?? Number.NaN);
  return { node, reachable: true, routing, ...(Number.isNaN(fence) ? {} : { fence }) };
}

const unseen = (node: string, reachable: boolean, problem: string): ObservedNode => ({
  node,
  reachable,
  routing: undefined,
  problem,
});

/** The disk's own faults as one error of ours: nothing was switched then. */
function onDisk<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof BlueGreenError) throw thrown;
    throw new BlueGreenError('balancer-unsettled', `cannot write ${what} of nginx: ${messageOf(thrown)}`, {}, thrown);
  }
}

function stale(wanted: Routing, present: Routing): BlueGreenError {
  return new BlueGreenError(
    'balancer-stale-generation',
    `generation ${wanted.generation} does not grow beyond ${present.generation}, which is in force`,
  );
}

/** With all keys, so that equal routings compare equal. */
function wholeRouting({ generation, active, canary, preview }: Routing): Routing {
  return { generation, active, canary: canary && { slot: canary.slot, percent: canary.percent }, preview };
}
