// What every load balancer driver promises, tried against the real thing with two real little services behind it.

import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SlotName } from '../environment/environment.ts';
import { type Backend, freePort, startBackend } from './contract/backend.ts';
import { conversationContract } from './contract/conversations.ts';
import { switchUnderLoad } from './contract/switching.ts';
import { balancerTrafficContract } from './contract/traffic.ts';
import { type Call, call, cookieSet, inParallel, type Reply, sideOf } from './contract/user.ts';
import type { BalancerSpec, LoadBalancer, Routing } from './load-balancer.ts';

export interface BalancerFixture {
  readonly balancer: LoadBalancer;
  /** The same balancer as another engine's process would hold it. */
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

export function balancerContract(name: string, makeFixture: (spec: BalancerSpec) => Promise<BalancerFixture>): void {
  describe(`${name} as a load balancer`, () => {
    let present: Stage | undefined;
    const stage = (): Stage => {
      if (!present) throw new Error('the stage is built before each test');
      return present;
    };
    beforeEach(async () => {
      present = await buildStage(makeFixture);
    });
    afterEach(async () => {
      await present?.fixture.dispose();
      await Promise.all([present?.backends.blue.close(), present?.backends.green.close()]);
      present = undefined;
    });
    routingContract(stage);
    canaryContract(stage);
    previewContract(stage);
    survivalContract(stage);
    balancerTrafficContract(stage);
    conversationContract(stage);
    switchingContract(stage);
  });
}

async function buildStage(makeFixture: (spec: BalancerSpec) => Promise<BalancerFixture>): Promise<Stage> {
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
    preview: { header: 'x-preview-token', cookie: 'bg_preview', token: previewToken },
    requestTimeoutMs: 5_000,
  };
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

  test('a driver that lost its lease is fenced out, whatever generation it brings, and after a crash as well', async () => {
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

const people = Array.from({ length: 2_000 }, (_, at) => `person-${at}`);

async function sidesOfPeople(stage: Stage): Promise<string[]> {
  const visit = (person: string) => stage.user({ headers: { cookie: `${stickyCookie}=${person}` } });
  return inParallel(people, 16, async (person) => sideOf(await visit(person)));
}

function canaryContract(stage: () => Stage): void {
  test('a canary of 10 % gets its share of users, each stays where he is, and raising it moves nobody back', async () => {
    await stage().route({ active: 'blue', canary: { slot: 'green', percent: 10 } });
    const first = await sidesOfPeople(stage());
    const share = first.filter((side) => side === 'green').length;
    // The 99 % band of a binomial distribution with n = 2000, p = 0.1: 200 ± 2.58 × 13.4.
    expect(share).toBeGreaterThanOrEqual(165);
    expect(share).toBeLessThanOrEqual(235);
    expect(first.filter((side) => side === 'blue').length).toBe(people.length - share);

    expect(await sidesOfPeople(stage())).toEqual(first);

    await stage().route({ active: 'blue', canary: { slot: 'green', percent: 20 } });
    const raised = await sidesOfPeople(stage());
    expect(raised.filter((side) => side === 'green').length).toBeGreaterThan(share);
    expect(raised.filter((side, at) => side === 'blue' && first[at] === 'green')).toEqual([]);

    await stage().route({ active: 'blue' });
    expect(new Set(await sidesOfPeople(stage()))).toEqual(new Set(['blue']));
  });

  test('a user without a key is given one, and it keeps him on his side', async () => {
    await stage().route({ active: 'blue', canary: { slot: 'green', percent: 50 } });
    const newcomers = await inParallel(people.slice(0, 60), 8, async () => {
      const first = await stage().user();
      return { side: sideOf(first), cookie: `${stickyCookie}=${cookieSet(first, stickyCookie)}` };
    });
    expect(new Set(newcomers.map(({ cookie }) => cookie)).size).toBe(newcomers.length);
    expect(new Set(newcomers.map(({ side }) => side))).toEqual(new Set(['blue', 'green']));
    for (const { side, cookie } of newcomers) {
      const again = await stage().user({ headers: { cookie } });
      expect(sideOf(again)).toBe(side);
      expect(cookieSet(again, stickyCookie)).toBeUndefined();
    }
  });

  test('a probe chooses its bucket and is told the side', async () => {
    const { probeHeaders, bucketHeader } = stage().fixture.balancer;
    await stage().route({ active: 'blue', canary: { slot: 'green', percent: 10 } });
    const probe = async (bucket: string) => stage().user({ headers: { ...probeHeaders, [bucketHeader]: bucket } });
    for (const [bucket, side] of [
      ['0', 'green'],
      ['999', 'green'],
      ['1000', 'blue'],
      ['9999', 'blue'],
    ] as const) {
      const reply = await probe(bucket);
      expect([bucket, sideOf(reply), reply.headers['x-served-by']]).toEqual([bucket, side, side]);
    }
    expect((await stage().user()).headers['x-served-by']).toBeUndefined();
  });
}

function previewContract(stage: () => Stage): void {
  const header = (token: string) => ({ headers: { 'x-preview-token': token } });
  const cookie = (token: string) => ({ headers: { cookie: `a=b; bg_preview=${token}; c=d` } });

  test('only the right token reaches the preview, by header or by cookie, and the service never sees it', async () => {
    await stage().route({ active: 'blue', preview: 'green' });
    for (const wish of [header, cookie]) {
      const reply = await stage().user(wish(previewToken));
      expect([sideOf(reply), reply.headers['x-served-by']]).toEqual(['green', 'green']);
      expect(reply.headers['cache-control']).toBe('private, no-store');
      expect(reply.headers.vary).toContain('x-preview-token');
      expect(JSON.stringify(stage().backends.green.lastHeaders())).not.toContain(previewToken);
      for (const wrong of [`${previewToken}x`, previewToken.slice(0, -1), '', previewToken.toUpperCase()]) {
        expect(sideOf(await stage().user(wish(wrong)))).toBe('blue');
      }
    }
    expect(JSON.stringify(stage().backends.blue.lastHeaders())).not.toContain('preview');
  });

  test('the preview can be reached before any release is active', async () => {
    await stage().route({ preview: 'green' });
    expect(sideOf(await stage().user(header(previewToken)))).toBe('green');
    expect((await stage().user()).status).toBe(503);
  });
}

function survivalContract(stage: () => Stage): void {
  test('a killed balancer is seen as unreachable, and comes back with the routing it had', async () => {
    const { balancer, kill } = stage().fixture;
    await stage().route({ active: 'green', canary: { slot: 'blue', percent: 30 }, preview: 'blue' });
    const [before] = await balancer.observe();
    await kill();
    expect(await balancer.observe()).toMatchObject([
      { reachable: false, routing: undefined, problem: expect.any(String) },
    ]);
    await expect(balancer.apply({ ...before!.routing!, generation: 9 }, 1)).rejects.toMatchObject({
      code: 'balancer-unreachable',
    });
    await balancer.ensure();
    expect(await balancer.observe()).toEqual([before]);
    expect(sideOf(await stage().user(asBucket(stage(), 2_999)))).toBe('blue');
    expect(sideOf(await stage().user(asBucket(stage(), 3_000)))).toBe('green');
  });

  test('after shutdown nobody listens, and shutting down again is harmless', async () => {
    const { balancer } = stage().fixture;
    await balancer.shutdown();
    await expect(stage().user()).rejects.toThrow(/ECONNREFUSED/);
    await balancer.shutdown();
  });
}

function asBucket({ fixture: { balancer } }: Stage, bucket: number): Call {
  return { headers: { ...balancer.probeHeaders, [balancer.bucketHeader]: String(bucket) } };
}

function switchingContract(stage: () => Stage): void {
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
    // Requests in flight at the end are counted by now, and each once.
    await delay(200);
    const { blue, green } = await fixture.balancer.traffic(0);
    expect(blue.requests + green.requests).toBe(story.requests);
    expect([blue.errors, green.errors, blue.open, green.open]).toEqual([0, 0, 0, 0]);
  });
}
