// One balancer with two small real services behind it, built again for each test of the contract.

import type { Routing } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import { freePort } from '../../lib/testing/ports.ts';
import type { BalancerCapabilities, Counts, LoadBalancer } from '../capabilities.ts';
import { type BalancerDriver, withCapabilities } from '../driver.ts';
import type { BalancerCore, BalancerSpec } from '../load-balancer.ts';
import { type Backend, startBackend } from './backend.ts';
import { type Call, call, type Reply } from './user.ts';

export interface BalancerFixture<Own extends BalancerCore = BalancerCore> {
  readonly balancer: Own;
  /** The same balancer as another engine's process would use it. */
  another(): BalancerCore;
  /** Ends the balancer's processes at once, as a crash would. */
  kill(): Promise<void>;
  /** Ends everything and removes its files; also after `kill`. */
  dispose(): Promise<void>;
}

/** What a contract test works with. */
export interface Stage {
  readonly fixture: BalancerFixture<LoadBalancer>;
  /** Of a driver that counts. */
  readonly traffic: Counts['traffic'];
  readonly failures: Counts['failures'];
  readonly backends: Readonly<Record<SlotName, Backend>>;
  readonly spec: BalancerSpec;
  readonly base: string;
  /** The next generation with this routing, under fence 1. */
  route(routing: Partial<Routing>): Promise<void>;
  generation(): number;
  user(options?: Call): Promise<Reply>;
}

export const previewToken = 'preview-token-of-the-contract';
export const stickyCookie = 'bg_bucket';

/** What a driver declares: its parts of the contract are run. */
export type Declared = Pick<BalancerDriver, keyof BalancerCapabilities>;

export async function buildStage(
  driver: Declared,
  makeFixture: (spec: BalancerSpec) => Promise<BalancerFixture>,
): Promise<Stage> {
  const backends = { blue: await startBackend('blue'), green: await startBackend('green') };
  const spec = specFor(backends, await freePort());
  const made = await makeFixture(spec);
  const fixture = { ...made, balancer: withCapabilities(driver, made.balancer) };
  const { counts } = fixture.balancer;
  await fixture.balancer.ensure();
  const base = fixture.balancer.entrypoints[0] ?? '';
  let generation = 0;
  return {
    fixture,
    traffic: (sinceMs) => {
      if (!counts) throw new Error('the driver does not count');
      return counts.traffic(sinceMs);
    },
    failures: (slot, sinceMs) => {
      if (!counts) throw new Error('the driver does not count');
      return counts.failures(slot, sinceMs);
    },
    backends,
    spec,
    base,
    route: (routing) =>
      fixture.balancer.apply(
        { active: undefined, canary: undefined, preview: undefined, ...routing, generation: ++generation },
        1,
      ),
    generation: () => generation,
    user: (options) => call(base, options),
  };
}

function specFor(backends: Readonly<Record<SlotName, Backend>>, port: number): BalancerSpec {
  const upstream = (slot: SlotName) => [{ host: '127.0.0.1', port: backends[slot].port }] as const;
  return {
    service: 'shop',
    target: 'production',
    listen: { host: '127.0.0.1', port },
    upstreams: { blue: upstream('blue'), green: upstream('green') },
    sticky: { by: 'cookie', name: stickyCookie },
    preview: { header: 'x-preview-token', cookie: 'bg_preview', token: previewToken, host: 'preview.example.com' },
    allow: { by: 'header', name: 'x-user', values: ['tester@example.com', 'a "quoted" name, with a comma'] },
    requestTimeoutMs: 5_000,
    drainSpreadMs: 0,
  };
}

/** Asks as a probe on behalf of users of that bucket. */
export function asBucket({ fixture: { balancer } }: Stage, bucket: number): Call {
  return { headers: { ...balancer.probeHeaders, [balancer.weights?.bucketHeader ?? '']: String(bucket) } };
}
