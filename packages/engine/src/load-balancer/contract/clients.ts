// One client among many: all its requests are counted, and its errors once a minute.

import { expect, test } from 'vitest';
import { inParallel } from '../../lib/tasks.ts';
import { until } from '../../lib/testing/until.ts';
import { type Stage, stickyCookie } from './stage.ts';
import { cookieSet } from './user.ts';

const users = 20;
const failures = 40;

export function clientsContract(stage: () => Stage): void {
  test('errors of one client count once a minute, and those of many once each', async () => {
    const { route, user } = stage();
    await route({ active: 'blue' });
    const keys = await inParallel(Array.from({ length: users }), 8, async () => cookieSet(await user(), stickyCookie));
    const ask = (key: string | undefined, path: string) =>
      user({ path, headers: key === undefined ? {} : { cookie: `${stickyCookie}=${key}` } });
    const everyone = new Set(keys);
    await inParallel([...everyone], 8, (key) => ask(key, '/status/200'));
    await inParallel(Array.from({ length: failures }), 8, () => ask(keys[0], '/status/503'));
    await inParallel(Array.from({ length: failures }), 8, () => ask(undefined, '/status/503'));
    const inAll = users + everyone.size + 2 * failures;
    await until(async () => (await stage().traffic(0)).blue.requests >= inAll);

    const one = (await stage().traffic(0)).blue;
    expect([one.requests, one.errors]).toEqual([inAll, 2 * failures]);
    expect(one.clients?.known).toMatchObject({ seen: everyone.size, failing: 1 });
    expect(one.clients?.drawn).toMatchObject({ seen: 1, failing: 1, busiest: users + failures });
    for (const clients of Object.values(one.clients ?? {}))
      expect(clients).toMatchObject({ errors: 1, worstRepeats: failures - 1 });

    await inParallel([...everyone], 8, (key) => ask(key, '/status/503'));
    await until(async () => (await stage().traffic(0)).blue.requests >= inAll + everyone.size);
    const { clients } = (await stage().traffic(0)).blue;
    expect(clients?.known.failing).toBe(everyone.size);
    expect(clients?.known.errors).toBe(everyone.size);
  });
}
