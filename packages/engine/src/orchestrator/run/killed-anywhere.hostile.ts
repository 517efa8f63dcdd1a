// A process may die between any two rows that it writes. Wherever it was: the next one reaches the same end, users were
// routed by the same changes in the same order, and no release was started twice.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRouting } from '../../state/targets.ts';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow({
    options: `
    canary: [{ percent: 10, watch: 1s }, { percent: 10, approval: true }]
    bake: 1s`,
  });
  await flow.live('v1');
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
});
afterEach(() => flow.close());

type Moment = 'before' | 'after';

interface Ending {
  /** The process reached the end: there are fewer writes than that. */
  readonly isUnbroken: boolean;
  readonly version: string;
  readonly outcome: string | undefined;
  readonly routed: readonly string[];
  readonly started: readonly string[];
}

/** What is asked for is done by a process that dies with this write, and by the one after it. */
async function brokenAt(write: number, moment: Moment, prepare: (version: string) => Promise<string>): Promise<Ending> {
  const version = `r${write}-${moment}`;
  flow.layRelease(version);
  const id = await prepare(version);
  const [routed, started] = [flow.balancers.story.length, flow.environments.story.length];
  flow.process().life.dieAt(write, moment);
  await flow.finishWithPeople(id);
  const isUnbroken = !flow.process().life.isDead();
  if (!isUnbroken) flow.restart();
  const view = await flow.finishWithPeople(id);
  flow.restart();
  return {
    isUnbroken,
    version,
    outcome: view.outcome?.kind,
    routed: flow.balancers.story.slice(routed),
    started: flow.environments.story.slice(started),
  };
}

/** By the side that serves when it begins: each deployment goes to the other one. */
const active = () => readRouting(flow.process().core.store.db, flow.process().target.key).intent.active;

async function everyWrite(moment: Moment, check: (write: number) => Promise<boolean>): Promise<number> {
  for (let write = 1; write < 200; write += 1) if (await check(write)) return write;
  throw new Error(`the process never came to an end (${moment})`);
}

describe('a deployment', () => {
  it.each<Moment>(['before', 'after'])(
    'whose process dies %s any of its writes is finished by the next',
    async (moment) => {
      const writes = await everyWrite(moment, async (write) => {
        const [from, to] = active() === 'blue' ? ['blue', 'green'] : ['green', 'blue'];
        const end = await brokenAt(write, moment, async (version) => flow.ask(version));
        expect({ ...end, write }).toMatchObject({
          write,
          outcome: 'promoted',
          routed: [`${from}, preview ${to}`, `${from} + 10 % ${to}, preview ${to}`, to],
          started: [`start ${end.version} in ${to}`],
        });
        expect(readRouting(flow.process().core.store.db, flow.process().target.key).confirmed).toBe(true);
        return end.isUnbroken;
      });
      // One write between two steps, two a routing change, the plan, the claim, the question and the end: none was left out.
      expect(writes).toBeGreaterThan(21);
    },
  );
});

describe('a deployment that is given up after all users were moved', () => {
  it.each<Moment>(['before', 'after'])(
    'and whose process dies %s any write of the way back is taken back by the next',
    async (moment) => {
      const [from, to] = ['blue', 'green'];
      const writes = await everyWrite(moment, async (write) => {
        const end = await brokenAt(write, moment, async (version) => {
          const id = flow.ask(version);
          await flow.at(id, 'await-approval');
          expect(flow.people.promote({ id }, { kind: 'person', id: 'bob', door: 'slack' })).toMatchObject({ ok: true });
          await flow.killWhen(id, ({ phase }) => phase === 'bake');
          expect(flow.people.abort({ id }, alice, 'too slow')).toMatchObject({ ok: true });
          flow.restart();
          return id;
        });
        expect({ ...end, write }).toMatchObject({ write, outcome: 'rolled-back', started: [] });
        // The promotion is reverted first, then its preview route is closed.
        expect(end.routed).toEqual([`${from}, preview ${to}`, from].slice(-end.routed.length));
        expect(flow.slots()).toEqual({ blue: 'v1 active', green: `${end.version} preview (failed)` });
        return end.isUnbroken;
      });
      expect(writes).toBeGreaterThan(8);
    },
  );
});

describe('a rollback to a warm side', () => {
  it.each<Moment>(['before', 'after'])(
    'whose process dies %s any of its writes is finished by the next',
    async (moment) => {
      await flow.finishWithPeople(flow.ask('v2'));
      const writes = await everyWrite(moment, async (write) => {
        const [from, to] = active() === 'blue' ? ['blue', 'green'] : ['green', 'blue'];
        const end = await brokenAt(write, moment, async () => {
          const answer = flow.people.switch({ actor: alice, to: to as 'blue' | 'green' });
          if (!answer.ok) throw new Error(answer.refusal.sentence);
          return answer.value.id;
        });
        expect({ ...end, write }).toMatchObject({ write, outcome: 'promoted', routed: [to], started: [] });
        expect(flow.slots()[from as 'blue' | 'green']).toMatch(/standby$/);
        return end.isUnbroken;
      });
      expect(writes).toBeGreaterThan(4);
    },
  );
});
