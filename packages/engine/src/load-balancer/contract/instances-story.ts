// Instances that are killed, hang, fall ill and are removed while users send requests: what is lost, in numbers.

import { expect, test } from 'vitest';
import type { BalancerSpec } from '../load-balancer.ts';
import { byInstance, type Load, startLoad } from './instances-load.ts';
import { buildInstancesStage, type InstancesStage, type RealInstance } from './instances-stage.ts';
import type { BalancerFixture, Declared } from './stage.ts';

interface Signing {
  readonly name: string;
  readonly driver: Declared;
}

type MakeFixture = (spec: BalancerSpec) => Promise<BalancerFixture>;

/** Long: for `test:hostile`. */
export function instancesStory({ name, driver }: Signing, makeFixture: MakeFixture): void {
  test(`${name}: instances come, go, hang and fall ill under load; only what a killed one had is lost`, async () => {
    const stage = await buildInstancesStage(driver, makeFixture);
    await stage.route({ active: 'blue' });
    const load = startLoad(stage.base);
    const report = (what: string, value: unknown) => console.log(`${name}: ${what} ${JSON.stringify(value)}`);
    try {
      report('balanced', byInstance(await load.goOn(600)));
      report('switched', await switched(stage, load));
      report('canary of 30 %', await canary(stage, load));
      report('killed', await killed(stage, load));
      report('hung', await hung(stage, load));
      report('removed', await removed(stage, load));
      await load.stop();
      report('in all', { requests: load.answered.length, lost: lostOf(load).length });
    } finally {
      await load.stop();
      await stage.dispose();
    }
  }, 300_000);
}

const lostOf = ({ answered }: Load, from = 0) => answered.slice(from).filter(({ lost }) => lost !== undefined);

async function switched(stage: InstancesStage, load: Load) {
  const from = load.answered.length;
  for (let count = 0; count < 10; count++) {
    await stage.route({ active: count % 2 === 0 ? 'green' : 'blue' });
    await load.goOn(60);
  }
  expect(lostOf(load, from)).toEqual([]);
  return { switches: 10, requests: load.answered.length - from, lost: 0 };
}

async function canary(stage: InstancesStage, load: Load) {
  await stage.route({ active: 'blue', canary: { slot: 'green', percent: 30 } });
  // What began before.
  await load.goOn(100);
  const answers = await load.goOn(2_000);
  const share = answers.filter(({ by }) => by?.startsWith('green')).length / answers.length;
  // Each request draws its side: 5 standard deviations.
  expect(Math.abs(share - 0.3)).toBeLessThan(0.052);
  expect(answers.filter(({ lost }) => lost)).toEqual([]);
  const counts = byInstance(answers);
  expect(Object.keys(counts).length).toBe(6);
  await stage.route({ active: 'blue' });
  return { share, counts };
}

const kills = 8;

async function killed(stage: InstancesStage, load: Load) {
  const from = load.answered.length;
  const lostPosts: number[] = [];
  for (let count = 0; count < kills; count++) lostPosts.push(await killOnce(stage, load));
  return { lostPosts, lostOthers: 0, requests: load.answered.length - from };
}

async function killOnce(stage: InstancesStage, load: Load): Promise<number> {
  const victim = stage.instances.blue[1] as RealInstance;
  const from = load.answered.length;
  await load.goOn(100);
  victim.signal('SIGKILL');
  await victim.ended();
  await load.withoutAnswersOf('blue-2');
  const lost = lostOf(load, from);
  const had = victim.requests();
  // Only what nobody may send twice, and only what that instance had and no other one got.
  expect(lost.filter(({ method }) => method !== 'POST')).toEqual([]);
  expect(lost.length).toBeLessThanOrEqual(load.users);
  for (const { id } of lost) {
    expect(had.get(id)).not.toBe('ended');
    for (const each of [...stage.instances.blue, ...stage.instances.green])
      if (each !== victim) expect(each.requests().has(id), 'was sent again').toBe(false);
  }
  const afterwards = load.answered.length;
  await load.goOn(100);
  expect(lostOf(load, afterwards)).toEqual([]);
  await victim.start();
  await load.withAnswersOf('blue-2');
  expect(lostOf(load, afterwards)).toEqual([]);
  return lost.length;
}

async function hung(stage: InstancesStage, load: Load) {
  const victim = stage.instances.blue[2] as RealInstance;
  const from = load.answered.length;
  const before = performance.now();
  victim.signal('SIGSTOP');
  await load.withoutAnswersOf('blue-3');
  const noAnswersAfterMs = Math.round(performance.now() - before);
  await load.goOn(300);
  victim.signal('SIGCONT');
  await load.withAnswersOf('blue-3');
  // What waited for it is answered: nothing was cut.
  expect(lostOf(load, from)).toEqual([]);
  return { noAnswersAfterMs, requests: load.answered.length - from, lost: 0 };
}

/** As a slot is made smaller: the instance reports that it is not ready, is left alone, and ends. */
async function removed(stage: InstancesStage, load: Load) {
  const victim = stage.instances.blue[0] as RealInstance;
  const from = load.answered.length;
  const before = performance.now();
  await victim.answerHealth(503);
  await load.withoutAnswersOf('blue-1');
  const outAfterMs = Math.round(performance.now() - before);
  victim.signal('SIGTERM');
  await victim.ended();
  await load.goOn(300);
  await victim.start();
  await load.withAnswersOf('blue-1');
  expect(lostOf(load, from)).toEqual([]);
  return { outAfterMs, requests: load.answered.length - from, lost: 0 };
}
