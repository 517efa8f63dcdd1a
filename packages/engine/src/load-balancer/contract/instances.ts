// What a balancer promises of a side with several instances, tested with real processes.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inParallel } from '../../lib/tasks.ts';
import { until } from '../../lib/testing/until.ts';
import { instanceCookie, servedInstanceHeader } from '../instances/checks.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { buildInstancesStage, type InstancesStage, perSide, previewOfInstances } from './instances-stage.ts';
import type { BalancerFixture, Declared } from './stage.ts';
import { type Call, call, cookieSet, type Reply } from './user.ts';

export interface InstancesSigning {
  readonly name: string;
  readonly driver: Declared;
}

type MakeFixture = (spec: BalancerSpec) => Promise<BalancerFixture>;

const numbers = Array.from({ length: perSide }, (_, at) => at + 1);

export function instancesContract({ name, driver }: InstancesSigning, makeFixture: MakeFixture): void {
  // One stage for all: processes take long to start. What kills them comes last.
  describe(`${name} before several instances`, () => {
    let stage: InstancesStage;
    beforeAll(async () => {
      const sticky = { by: 'cookie', name: 'bg_bucket', instance: true } as const;
      stage = await buildInstancesStage(driver, makeFixture, { sticky });
    });
    afterAll(() => stage.dispose());
    const user = (options?: Call) => call(stage.base, options);
    const many = (count: number) => inParallel(Array.from({ length: count }), 12, async () => instanceOf(await user()));

    test('users are balanced over all of a side, and an answer to them names none', async () => {
      await stage.route({ active: 'blue' });
      // One that was started a moment ago may be left out until its first check.
      await until(async () => {
        const seen = await many(90);
        return numbers.every((number) => seen.filter((each) => each === `blue-${number}`).length >= 10);
      });
      expect((await user()).headers[servedInstanceHeader]).toBeUndefined();
    });

    test('a probe reaches each instance by its number, and the answer names the one that answered; so for a tester', async () => {
      await stage.route({ active: 'blue', preview: 'green' });
      const { probeHeaders, instanceHeader = '' } = stage.fixture.balancer;
      for (const number of numbers) {
        const reply = await user({ headers: { ...probeHeaders, [instanceHeader]: String(number) } });
        const seen = [instanceOf(reply), reply.headers['x-served-by'], reply.headers[servedInstanceHeader]];
        expect(seen).toEqual([`blue-${number}`, 'blue', String(number)]);
        expect(cookieSet(reply, instanceCookie)).toBeUndefined();
      }
      const tester = { 'x-preview-token': previewOfInstances };
      const reply = await user({ headers: tester });
      expect(instanceOf(reply)).toBe(`green-${reply.headers[servedInstanceHeader]}`);
      const both = await user({ headers: { ...tester, ...probeHeaders, [instanceHeader]: '2' } });
      expect([instanceOf(both), both.headers[servedInstanceHeader]]).toEqual(['green-2', '2']);
      // Only a probe may choose.
      const users = await inParallel(Array.from({ length: 30 }), 6, () => user({ headers: { [instanceHeader]: '3' } }));
      expect(new Set(users.map(instanceOf)).size).toBeGreaterThan(1);
    });

    test('an instance whose health fails gets no new users, and gets them again afterwards', async () => {
      await stage.route({ active: 'blue' });
      const [, second] = stage.instances.blue;
      await second?.answerHealth(503);
      await until(async () => !(await many(40)).includes('blue-2'));
      await second?.answerHealth(200);
      await until(async () => (await many(40)).includes('blue-2'));
    });

    test('a user returns to an instance; when it is gone, to another of the side, and stays there', async () => {
      await stage.route({ active: 'blue' });
      const first = await user();
      const own = cookieSet(first, instanceCookie) ?? '';
      expect(own).toBe(instanceOf(first));
      const again = () => user({ headers: { cookie: `theme=dark; ${instanceCookie}=${own}` } });
      for (let count = 0; count < 12; count++) {
        const reply = await again();
        expect([instanceOf(reply), cookieSet(reply, instanceCookie)]).toEqual([own, undefined]);
      }
      const gone = stage.instances.blue.find(({ number }) => own === `blue-${number}`);
      gone?.signal('SIGKILL');
      await gone?.ended();
      const after = await again();
      const next = cookieSet(after, instanceCookie) ?? '';
      expect([next, /^blue-/.test(next), next === own]).toEqual([instanceOf(after), true, false]);
      await gone?.start();
      // On the other side it names nothing: the user is balanced like a new one.
      await stage.route({ active: 'green' });
      expect(cookieSet(await again(), instanceCookie)).toMatch(/^green-\d$/);
    });

    test('a user whose instance accepts no connection is not the one to find out', async () => {
      await stage.route({ active: 'green' });
      const [first, , third] = stage.instances.green;
      for (const each of [first, third]) each?.signal('SIGKILL');
      await Promise.all([first?.ended(), third?.ended()]);
      const kinds: readonly Call[] = [{}, { method: 'POST', body: Buffer.alloc(20_000) }];
      const calls = Array.from({ length: 20 }, () => kinds).flat();
      const seen = await inParallel(calls, 8, async (each) => instanceOf(await user(each)));
      expect(seen).toEqual(calls.map(() => 'green-2'));
    });

    test('a side of which no instance is healthy gets its users all the same', async () => {
      await stage.route({ active: 'blue' });
      await Promise.all(stage.instances.blue.map((each) => each.answerHealth(500)));
      // Longer than any of them needs to be found out.
      for (const end = performance.now() + 1_500; performance.now() < end; )
        for (const seen of await many(12)) expect(seen).toMatch(/^blue-/);
    });
  });
}

/** `blue-2`, or the status of an answer that came from none. */
function instanceOf({ status, body }: Reply): string {
  if (status !== 200) return `status ${status}`;
  const { slot, instance } = JSON.parse(body) as { slot: string; instance: number };
  return `${slot}-${instance}`;
}
