// The fakes sign what the drivers sign, as far as the flow rests on it.

import { describe, expect, it } from 'vitest';
import { slotsContract } from '../environment/environment.contract.ts';
import { systemClock } from '../lib/clock.ts';
import { freePort } from '../lib/testing/ports.ts';
import { routedContract } from '../load-balancer/load-balancer.contract.ts';
import type { BalancerSpec } from '../load-balancer/load-balancer.ts';
import { createFakeBalancers } from './fake-balancer.ts';
import { fakeBalancer, fakeEnvironment } from './fake-fixtures.ts';
import { smallDrivers } from './small-drivers.ts';

slotsContract({ name: 'the fake environment', capabilities: ['adoption', 'instances'] }, () => fakeEnvironment());

const [fakeDriver] = smallDrivers.balancers;

routedContract({ name: 'the fake balancer', driver: fakeDriver }, fakeBalancer);

describe('a fake balancer of two nodes', () => {
  const specOn = (port: number): BalancerSpec => ({
    service: 'shop',
    target: 'production',
    listen: { host: '127.0.0.1', port },
    upstreams: { blue: [{ host: '127.0.0.1', port: 1 }], green: [{ host: '127.0.0.1', port: 2 }] },
    sticky: { by: 'address', name: '' },
    preview: undefined,
    allow: undefined,
    requestTimeoutMs: 1_000,
    drainSpreadMs: 0,
  });
  const blue = { generation: 1, active: 'blue', canary: undefined, preview: undefined } as const;

  it('waits for a dead one on the way forward, and for none on the way back', async () => {
    const ports = [await freePort(), await freePort()];
    const fakes = createFakeBalancers({ spec: specOn(ports[0] ?? 0), clock: systemClock, ports });
    const balancer = fakes.create();
    await balancer.ensure();
    await balancer.apply(blue, 1);
    await fakes.kill(1);
    fakes.bury(1);
    await balancer.ensure();
    const green = { ...blue, generation: 2, active: 'green' } as const;
    await expect(balancer.apply(green, 1)).rejects.toMatchObject({ code: 'balancer-unreachable' });
    expect(fakes.nodes.map(({ routing }) => routing.active)).toEqual(['blue', 'blue']);
    await balancer.apply(green, 1, { direction: 'back' });
    expect(fakes.nodes.map(({ routing }) => routing.active)).toEqual(['green', 'blue']);
    expect((await balancer.observe()).map(({ reachable }) => reachable)).toEqual([true, false]);
    fakes.bury(1, false);
    await balancer.ensure();
    expect((await balancer.observe()).map(({ reachable }) => reachable)).toEqual([true, true]);
    await fakes.close();
  });
});
