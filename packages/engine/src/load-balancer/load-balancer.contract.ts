// What every load balancer driver promises, tested against the real balancer with two small real services behind it.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BalancerCapability } from '../domain/capabilities.ts';
import type { SlotName } from '../domain/target.ts';
import { until } from '../lib/testing/until.ts';
import { canaryContract, drawnContract, probeContract, stickyContract } from './contract/canary.ts';
import { clientsContract } from './contract/clients.ts';
import { conversationContract } from './contract/conversations.ts';
import { failuresContract } from './contract/failures.ts';
import { namedUsersContract, previewContract, tokenContract } from './contract/preview.ts';
import { type BalancerFixture, buildStage, type Declared, type Stage } from './contract/stage.ts';
import { switchUnderLoad } from './contract/switching.ts';
import { countingContract, trafficContract } from './contract/traffic.ts';
import { sideOf } from './contract/user.ts';
import type { BalancerSpec } from './load-balancer.ts';

export type { BalancerFixture } from './contract/stage.ts';

type MakeFixture = (spec: BalancerSpec) => Promise<BalancerFixture>;
type Contract = (stage: () => Stage) => void;

/** A driver that signs: the core is run, and the part of each capability that it declares. */
export interface Signing {
  readonly name: string;
  readonly driver: Declared;
}

export function balancerContract(signing: Signing, makeFixture: MakeFixture): void {
  describeContract(signing, makeFixture, (stage, part) => {
    flowContract(stage, part);
    part('weights and sticky', ['weights', 'sticky'], canaryContract);
    part('weights and sticky', ['weights', 'sticky'], stickyContract);
    part('weights, sticky and counts', ['weights', 'sticky', 'counts'], drawnContract);
    part('failing requests, by counts', ['counts'], failuresContract);
    part('clients, by sticky and counts', ['sticky', 'counts'], clientsContract);
    part('preview', ['preview'], previewContract);
    part('preview and weights', ['preview', 'weights'], namedUsersContract);
    part('counts', ['counts'], trafficContract);
    // Seen from outside by what the driver counts as open.
    part('connections, by counts', ['counts'], conversationContract);
    switchingContract(stage, signing.driver);
  });
}

/** What the flow rests on. The fake balancer of the flow's tests signs this part. */
export function routedContract(signing: Signing, makeFixture: MakeFixture): void {
  describeContract(signing, makeFixture, flowContract);
}

/** A part of the contract, for drivers that have all of these capabilities. */
type Part = (title: string, needs: readonly BalancerCapability[], contract: Contract) => void;

function flowContract(stage: () => Stage, part: Part): void {
  describe('the core', () => {
    routingContract(stage);
    survivalContract(stage);
  });
  part('weights', ['weights'], probeContract);
  part('preview', ['preview'], tokenContract);
  part('counts', ['counts'], countingContract);
}

function describeContract(
  { name, driver }: Signing,
  makeFixture: MakeFixture,
  contract: (stage: () => Stage, part: Part) => void,
): void {
  describe(`${name} as a load balancer`, () => {
    let present: Stage | undefined;
    const stage = (): Stage => {
      if (!present) throw new Error('the stage is built before each test');
      return present;
    };
    beforeEach(async () => {
      present = await buildStage(driver, makeFixture);
    });
    afterEach(async () => {
      await present?.fixture.dispose();
      await Promise.all([present?.backends.blue.close(), present?.backends.green.close()]);
      present = undefined;
    });
    contract(stage, (title, needs, run) => {
      if (needs.every((capability) => driver[capability])) describe(title, () => run(stage));
    });
  });
}

function routingContract(stage: () => Stage): void {
  test('users get 503 with Retry-After while no release is active', async () => {
    const reply = await stage().user();
    expect(reply.status).toBe(503);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
  });

  test('users reach the active side as soon as the routing was applied, and the next one after a switch', async () => {
    await stage().route({ active: 'blue' });
    expect(sideOf(await stage().user())).toBe('blue');
    await stage().route({ active: 'green' });
    expect(sideOf(await stage().user())).toBe('green');
    expect(await stage().fixture.balancer.observe()).toMatchObject([
      { reachable: true, routing: { generation: 2, active: 'green' } },
    ]);
  });

  test('ensure is harmless to repeat, by one engine or two', async () => {
    const { fixture } = stage();
    await stage().route({ active: 'blue' });
    await Promise.all([fixture.balancer.ensure(), fixture.another().ensure(), fixture.balancer.ensure()]);
    expect(sideOf(await stage().user())).toBe('blue');
    expect(await fixture.another().observe()).toEqual(await fixture.balancer.observe());
  });

  test('the same routing may be applied again; another one of the same or a lower generation is refused', async () => {
    const { balancer } = stage().fixture;
    const routing = (generation: number, active: SlotName) => ({
      generation,
      active,
      canary: undefined,
      preview: undefined,
    });
    await balancer.apply(routing(5, 'blue'), 1);
    await balancer.apply(routing(5, 'blue'), 1);
    await expect(balancer.apply(routing(5, 'green'), 1)).rejects.toMatchObject({ code: 'balancer-stale-generation' });
    await expect(balancer.apply(routing(4, 'green'), 1)).rejects.toMatchObject({ code: 'balancer-stale-generation' });
    expect(sideOf(await stage().user())).toBe('blue');
  });

  test('a driver that lost its lease is fenced out, whatever generation it sends, also after a crash', async () => {
    const { balancer, kill } = stage().fixture;
    const routing = (generation: number) => ({
      generation,
      active: 'green' as const,
      canary: undefined,
      preview: undefined,
    });
    await stage().route({ active: 'blue' });
    await balancer.apply({ ...routing(2), active: 'blue' }, 7);
    await expect(balancer.apply(routing(3), 6)).rejects.toMatchObject({ code: 'fenced-out' });
    await kill();
    await balancer.ensure();
    await expect(balancer.apply(routing(4), 6)).rejects.toMatchObject({ code: 'fenced-out' });
    expect(sideOf(await stage().user())).toBe('blue');
    await balancer.apply(routing(3), 7);
    expect(sideOf(await stage().user())).toBe('green');
  });
}

function survivalContract(stage: () => Stage): void {
  test('a killed balancer is seen as unreachable, and comes back with the routing it had', async () => {
    const { balancer, kill } = stage().fixture;
    await stage().route({ active: 'green' });
    const before = await balancer.observe();
    await kill();
    expect(await balancer.observe()).toMatchObject([
      { reachable: false, routing: undefined, problem: expect.any(String) },
    ]);
    await expect(stage().route({ active: 'blue' })).rejects.toMatchObject({ code: 'balancer-unreachable' });
    await balancer.ensure();
    const withoutStart = before.map(({ startedAt, ...node }) => node);
    expect((await balancer.observe()).map(({ startedAt, ...node }) => node)).toEqual(withoutStart);
    expect(sideOf(await stage().user())).toBe('green');
  });

  test('after shutdown no process listens, and shutting down again is harmless', async () => {
    const { balancer } = stage().fixture;
    await balancer.shutdown();
    await expect(stage().user()).rejects.toThrow(/ECONNREFUSED/);
    await balancer.shutdown();
  });
}

function switchingContract(stage: () => Stage, { counts }: Declared): void {
  test('100 switches under load lose no request and leave none with the side before', async () => {
    const { fixture, base } = stage();
    await stage().route({ active: 'blue' });
    const generation = stage().generation();
    const story = await switchUnderLoad({
      balancer: fixture.balancer,
      base,
      generation,
      active: 'blue',
      fence: 1,
      switches: 100,
    });
    console.info(
      `${story.requests} requests (${story.posts} POSTs, ${story.freshConnections} on fresh connections) during 100 switches: ` +
        `${story.lost.length} lost, ${story.stale} stale, slowest switch ${story.slowestSwitchMs.toFixed(1)} ms`,
    );
    expect(story.lost).toEqual([]);
    expect(story.stale).toBe(0);
    expect(story.requests).toBeGreaterThan(500);
    if (!counts) return;
    // Requests in flight at the end are counted soon, each exactly once.
    await until(async () => {
      const { blue, green } = await stage().traffic(0);
      return blue.requests + green.requests >= story.requests;
    });
    const { blue, green } = await stage().traffic(0);
    expect(blue.requests + green.requests).toBe(story.requests);
    expect([blue.errors, green.errors, blue.open, green.open]).toEqual([0, 0, 0, 0]);
  });
}
