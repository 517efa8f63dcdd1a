// A side gets users only after it answered well several times in a row, and loses them only after it failed as often as
// its rule allows: one answer proves nothing, in either direction.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HealthSettings } from '../../config/health/settings.ts';
import { shop } from '../../state/testing/state.ts';
import type { Behaviour } from '../../testing/fake-machine.ts';
import { type Flow, startFlow } from '../../testing/flow.ts';
import { healthOf } from '../core.ts';
import { awaitHealthy, outputOf, problemOfSide } from './await-healthy.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow();
  await flow.live('v1');
});
afterEach(() => flow.close());

const blue = { ...shop, slot: 'blue' } as const;
const behave = (behaviour: Behaviour) => flow.environments.machine.behave('v1', behaviour);
/** Answers are asked for in turn; a test changes the behaviour before the one of this number, from 1. */
function changing(at: Readonly<Record<number, Behaviour>>): { readonly asked: () => number } {
  let asked = 0;
  const { environment } = flow.process().target;
  const target = flow.process().target as { environment: typeof environment };
  target.environment = {
    ...environment,
    addresses: environment.addresses,
    inspect: async (place) => {
      asked += 1;
      const next = at[asked];
      if (next) behave(next);
      return environment.inspect(place);
    },
  };
  return { asked: () => asked };
}

const rule = (): HealthSettings => healthOf(flow.process().target, 'blue');
const wait = (version = 'v1', signal = new AbortController().signal) => {
  const { core, target } = flow.process();
  return { core, target, slot: 'blue', version, signal } as const;
};
const awaited = async (version?: string, signal?: AbortSignal) => {
  const began = flow.clock.monotonic();
  const result = await flow.passing(awaitHealthy(wait(version, signal)));
  return { ...result, tookMs: flow.clock.monotonic() - began };
};

describe('a side that starts', () => {
  it('is healthy after as many good answers in a row as its rule asks for, and no sooner', async () => {
    const { successes } = rule();
    expect(successes).toBeGreaterThan(1);
    const { asked } = changing({});
    expect(await awaited()).toMatchObject({ kind: 'healthy', inARow: successes, proof: 'fields' });
    expect(asked()).toBe(successes);
  });

  it('begins to count again after one bad answer', async () => {
    const { successes } = rule();
    const { asked } = changing({ [successes]: { health: 'unhealthy' }, [successes + 1]: {} });
    expect(await awaited()).toMatchObject({ kind: 'healthy', inARow: successes });
    expect(asked()).toBe(2 * successes);
  });

  it('is asked often until its first good answer, so that a quick start is seen at once', async () => {
    behave({ health: 'unhealthy' });
    const { successes, intervalMs } = rule();
    const { asked } = changing({ 5: {} });
    const { kind, tookMs } = await awaited();
    expect([kind, asked()]).toEqual(['healthy', 4 + successes]);
    expect(tookMs).toBe(4 * 50 + (successes - 1) * Math.min(intervalMs, 1_000));
  });

  it('that never is well is given up when its time is over, with its last problem', async () => {
    behave({ health: 'unhealthy' });
    const { startupMs, intervalMs } = rule();
    const result = await awaited();
    expect(result).toMatchObject({ kind: 'never', limitMs: startupMs, problem: expect.stringMatching(/503/) });
    expect(result.tookMs).toBeGreaterThanOrEqual(startupMs);
    expect(result.tookMs).toBeLessThanOrEqual(startupMs + Math.max(intervalMs, 1_000));
  });

  it.each([
    [
      'a degraded one is not fit for users',
      false,
      {
        kind: 'never',
        problem: expect.stringMatching(/^it is degraded \(.*\), and health.acceptDegraded is not set$/),
      },
    ],
    ['a degraded one is fit where the rule says so', true, { kind: 'healthy' }],
  ])('%s', async (_, acceptDegraded, expected) => {
    await flow.process().target.environment.judgeBy(blue, { ...rule(), acceptDegraded });
    behave({ health: 'degraded' });
    expect(await awaited()).toMatchObject(expected);
  });

  it('of another release than was started is not healthy', async () => {
    expect(await awaited('v2')).toMatchObject({ kind: 'never', problem: expect.stringMatching(/v1/) });
  });

  it('and ends is reported with what it wrote last', async () => {
    behave({ health: 'unhealthy' });
    const { environment } = flow.process().target;
    const target = flow.process().target as { environment: typeof environment };
    let asked = 0;
    target.environment = {
      ...environment,
      addresses: environment.addresses,
      inspect: async (place) => {
        asked += 1;
        if (asked === 3) await flow.environments.crash(blue);
        return environment.inspect(place);
      },
    };
    expect(await awaited()).toMatchObject({ kind: 'ended', seen: { lastExit: 'exit code 1', lastLog: ['it broke'] } });
  });

  it('is not waited for once the deployment is given up', async () => {
    behave({ health: 'unhealthy' });
    const over = new AbortController();
    const waited = awaited('v1', over.signal);
    over.abort();
    expect((await waited.catch(() => ({ tookMs: 0 }))).tookMs).toBeLessThan(2_000);
  });
});

describe('a side that is to get users', () => {
  const problem = () => flow.passing(problemOfSide(wait()));

  it('is fit after one good answer, also when it is degraded: it served users before', async () => {
    const { asked } = changing({ 1: { health: 'degraded' } });
    expect(await problem()).toBeUndefined();
    expect(asked()).toBe(1);
  });

  it('is asked as often as its rule allows failures, and not once more', async () => {
    const { failures } = rule();
    const { asked } = changing({ 1: { health: 'unhealthy' } });
    expect(await problem()).toMatch(/503/);
    expect(asked()).toBe(failures);
  });

  it('is fit when its last answer is good', async () => {
    const { failures } = rule();
    expect(failures).toBeGreaterThan(1);
    changing({ 1: { health: 'unhealthy' }, [failures]: {} });
    expect(await problem()).toBeUndefined();
  });

  it('is not fit when it has ended, and is not asked again', async () => {
    await flow.environments.crash(blue);
    const { asked } = changing({});
    expect(await problem()).toBe('its process has ended');
    expect(asked()).toBe(1);
  });
});

it.each([
  [[], 5, 'it wrote nothing'],
  [['a', 'b', 'c'], 2, 'b / c'],
])('of what it wrote %o, people see the end: %i lines', (lines, most, shown) => {
  expect(outputOf(lines, most)).toBe(shown);
});
