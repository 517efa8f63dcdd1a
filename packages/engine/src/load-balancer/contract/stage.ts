// One balancer with two small real services behind it, built again for each test of the contract.

import type { Routing } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import { freePort } from '../../lib/testing/ports.ts';
import type { BalancerSpec, LoadBalancer } from '../load-balancer.ts';
import { type Backend, startBackend } from './backend.ts';
import { type Call, call, type Reply } from './user.ts';

export interface BalancerFixture {
  readonly balancer: LoadBalancer;
  /** The same balancer as another engine's process would use it. */
  another(): LoadBalancer;
  /** Ends the balancer's processes at once, as a crash would. */
  kill(): Promise<void>;
  /** Ends everything and removes its files; also after `kill`. */
  dispose(): Promise<void>;
}

/** What a contract test works with. */
export interface Stage {
  readonly fixture: BalancerFixture;
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

export async function buildStage(makeFixture: (spec: BalancerSpec) => Promise<BalancerFixture>): Promise<Stage> {
  const backends = { blue: await startBackend('blue'), green: await startBackend('green') };
  const spec = specFor(backends, await freePort());
  const fixture = await makeFixture(spec);
  await fixture.balancer.ensure();
  const base = fixture.balancer.entrypoints[0] ?? '';
  let generation = 0;
  return {
    fixture,
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
  const upstream = (slot: SlotName) => ({ host: '127.0.0.1', port: backends[slot].port });
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
  return { headers: { ...balancer.probeHeaders, [balancer.bucketHeader]: String(bucket) } };
}
