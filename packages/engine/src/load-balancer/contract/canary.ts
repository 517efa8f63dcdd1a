// A share of users that stays the same people: no user changes sides, and raising the share moves no user back.

import { expect, test } from 'vitest';
import { inParallel } from '../../lib/tasks.ts';
import { until } from '../../lib/testing/until.ts';
import { asBucket, type Stage, stickyCookie } from './stage.ts';
import { cookieSet, sideOf } from './user.ts';

export function canaryContract(stage: () => Stage): void {
  test('a canary of 10 % gets its share of users, each stays where he is, and raising it moves nobody back', async () => {
    await stage().route({ active: 'blue', canary: { slot: 'green', percent: 10 } });
    const people = await newPeople(stage());
    const first = await sidesOfPeople(stage(), people);
    const share = first.filter((side) => side === 'green').length;
    // Keys are drawn at random, so the band is wide: 200 ± 5 × 13.4 holds all but one of a million runs.
    expect(share).toBeGreaterThanOrEqual(133);
    expect(share).toBeLessThanOrEqual(267);
    expect(first.filter((side) => side === 'blue').length).toBe(people.length - share);

    expect(await sidesOfPeople(stage(), people)).toEqual(first);

    await stage().route({ active: 'blue', canary: { slot: 'green', percent: 20 } });
    const raised = await sidesOfPeople(stage(), people);
    expect(raised.filter((side) => side === 'green').length).toBeGreaterThan(share);
    expect(raised.filter((side, at) => side === 'blue' && first[at] === 'green')).toEqual([]);

    await stage().route({ active: 'blue' });
    expect(new Set(await sidesOfPeople(stage(), people))).toEqual(new Set(['blue']));
  });
}

/** Of a driver that has weights and keeps users by a cookie. */
export function stickyContract(stage: () => Stage): void {
  test('a user without a key is given one, and it keeps him on his side', async () => {
    await stage().route({ active: 'blue', canary: { slot: 'green', percent: 50 } });
    const newUsers = await inParallel(Array.from({ length: 60 }), 8, async () => {
      const first = await stage().user();
      return { side: sideOf(first), cookie: `${stickyCookie}=${cookieSet(first, stickyCookie)}` };
    });
    // Two of one bucket may have the same key.
    expect(new Set(newUsers.map(({ cookie }) => cookie)).size).toBeGreaterThan(50);
    expect(new Set(newUsers.map(({ side }) => side))).toEqual(new Set(['blue', 'green']));
    for (const { side, cookie } of newUsers) {
      const again = await stage().user({ headers: { cookie } });
      expect(sideOf(again)).toBe(side);
      expect(cookieSet(again, stickyCookie)).toBeUndefined();
    }
  });

  test('a client cannot name a bucket: what the balancer did not give is no key, and is drawn again', async () => {
    await stage().route({ active: 'blue', canary: { slot: 'green', percent: 50 } });
    for (const made of ['4', '0000', 'ab', '0'.repeat(24), 'a'.repeat(32)]) {
      const replies = await inParallel(Array.from({ length: 40 }), 8, () =>
        stage().user({ headers: { cookie: `${stickyCookie}=${made}` } }),
      );
      expect([made, ...new Set(replies.map(sideOf))].toSorted()).toEqual([made, 'blue', 'green'].toSorted());
      for (const reply of replies) expect(cookieSet(reply, stickyCookie)).toMatch(/^[0-9a-f]{24}$/);
    }
  });
}

/** Of a driver that counts, too. */
export function drawnContract(stage: () => Stage): void {
  test('requests that draw a bucket are counted apart from those that have one', async () => {
    const { route, user } = stage();
    await route({ active: 'blue', canary: { slot: 'green', percent: 50 } });
    const key = `${stickyCookie}=${cookieSet(await user(), stickyCookie)}`;
    await inParallel(Array.from({ length: 40 }), 8, () => user({ path: '/status/503' }));
    await inParallel(Array.from({ length: 60 }), 8, () => user({ headers: { cookie: `theme=dark; ${key}` } }));
    await until(async () => {
      const { blue, green } = await stage().traffic(0);
      return blue.requests + green.requests >= 101;
    });
    const { blue, green } = await stage().traffic(0);
    const drawn = [blue.drawn, green.drawn].map((each) => each ?? { requests: 0, errors: 0 });
    const sum = (pick: (each: { requests: number; errors: number }) => number) =>
      drawn.reduce((total, each) => total + pick(each), 0);
    expect([sum(({ requests }) => requests), sum(({ errors }) => errors)]).toEqual([41, 40]);
    expect(drawn.every(({ requests }) => requests > 0)).toBe(true);
  });
}

export function probeContract(stage: () => Stage): void {
  test('a probe chooses its bucket and is told the side', async () => {
    await stage().route({ active: 'blue', canary: { slot: 'green', percent: 10 } });
    for (const [bucket, side] of [
      [0, 'green'],
      [999, 'green'],
      [1000, 'blue'],
      [9999, 'blue'],
    ] as const) {
      const reply = await stage().user(asBucket(stage(), bucket));
      expect([bucket, sideOf(reply), reply.headers['x-served-by']]).toEqual([bucket, side, side]);
    }
    expect((await stage().user()).headers['x-served-by']).toBeUndefined();
  });

  test('a killed balancer comes back with the share that it had', async () => {
    const { balancer, kill } = stage().fixture;
    await stage().route({ active: 'green', canary: { slot: 'blue', percent: 30 } });
    await kill();
    await balancer.ensure();
    expect(sideOf(await stage().user(asBucket(stage(), 2_999)))).toBe('blue');
    expect(sideOf(await stage().user(asBucket(stage(), 3_000)))).toBe('green');
  });
}

/** The keys that a balancer gives to new users: not every balancer knows other keys. */
function newPeople(stage: Stage): Promise<string[]> {
  const many = Array.from({ length: 2_000 });
  return inParallel(many, 16, async () => cookieSet(await stage.user(), stickyCookie) ?? '');
}

async function sidesOfPeople(stage: Stage, people: readonly string[]): Promise<string[]> {
  const visit = (person: string) => stage.user({ headers: { cookie: `${stickyCookie}=${person}` } });
  return inParallel(people, 16, async (person) => sideOf(await visit(person)));
}
