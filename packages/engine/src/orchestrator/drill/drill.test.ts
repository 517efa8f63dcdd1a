// The rollback drill: what it proves, that it leaves everything as it was, and who goes first.

import { afterEach, describe, expect, it } from 'vitest';
import { BlueGreenError } from '../../lib/errors.ts';
import { liveDeployment } from '../../state/deployments.ts';
import { readRouting, readSlot } from '../../state/targets.ts';
import { alice, type Flow, shortPlan, startFlow } from '../../testing/flow.ts';
import { drillIfDue, isDue, maintainDrills } from './maintain.ts';
import { putDrill, readDrill } from './memory.ts';

let flow: Flow;
afterEach(() => flow.close());

async function serving(options = ''): Promise<void> {
  flow = await startFlow({ options: `${shortPlan}\n    standby: { keep: 24d }${options}` });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
}

const context = () => {
  const { core, target, lease } = flow.process();
  return { core, target, lease: lease() };
};
const ask = () => flow.people.drill({ actor: alice });
const drilled = (signal = new AbortController().signal) => flow.passing(drillIfDue(context(), signal));
const view = () => {
  const found = flow.people.target({});
  if (!found.ok) throw new Error(found.refusal.sentence);
  return found.value;
};
const routing = () => readRouting(flow.process().core.store.db, flow.process().target.key).intent;
const stored = () => readDrill(flow.process().core.store.db, flow.process().target.key);

/** The standby is stopped, as when its time is over. */
async function stopStandby(): Promise<void> {
  expect(await flow.people.slots.stop({ slot: 'blue', actor: alice })).toMatchObject({ ok: true });
}

describe('a rollback drill', () => {
  it('proves a warm standby through the preview route, with the time it took, and moves nobody', async () => {
    await serving();
    const [seq, before] = [flow.lastSeq(), flow.slots()];
    expect(ask()).toMatchObject({ ok: true, value: { drill: { isUnderWay: true } } });
    const routes = flow.balancers.story.length;
    await drilled();
    expect(view().drill).toMatchObject({
      isUnderWay: false,
      last: { code: 'passed', version: 'v1', by: 'person:alice' },
    });
    expect(view().drill?.last?.sentence).toMatch(
      /^a rollback to v1 in blue works: proved through the load balancer in \d+ ms$/,
    );
    expect(flow.balancers.story.slice(routes)).toEqual(['green, preview blue', 'green']);
    expect([flow.slots(), routing().preview]).toEqual([before, undefined]);
    expect(flow.actions(seq)).toEqual([
      'drill-asked',
      'routing-intended',
      'routing-applied',
      'drill-ended',
      'routing-intended',
      'routing-applied',
    ]);
    flow.clock.advance(2 * 86_400_000);
    expect(view().rollback.sentence).toMatch(/, drilled 48 h 0 min ago: \d+ ms$|, drilled 2 days ago: \d+ ms$/);
  });

  it('starts what does not run, says how long that took, and stops it again', async () => {
    await serving();
    await stopStandby();
    const starts = flow.environments.story.length;
    ask();
    await drilled();
    expect(view().drill?.last).toMatchObject({ code: 'passed', startMs: expect.any(Number) });
    expect(flow.environments.story.slice(starts)).toEqual(['start v1 in blue', expect.stringMatching(/^stop .*blue/)]);
    expect([flow.slots().blue, routing().preview]).toEqual(['idle', undefined]);
  });

  it.each([
    [
      'answers wrongly',
      () => flow.environments.machine.behave('v1', { status: 500 }),
      /smoke test "front page": expected status 200, got 500/,
    ],
    ['is not healthy', () => flow.environments.machine.behave('v1', { health: 'unhealthy' }), /it is not healthy: /],
    [
      'cannot be routed to',
      () => flow.balancers.refuse(new BlueGreenError('balancer-refused', 'no such server')),
      /a rollback would not work: no such server/,
    ],
  ])('of a standby that %s fails, says why, and is announced', async (_, spoil, why) => {
    await serving();
    ask();
    spoil();
    await drilled().catch((thrown: unknown) => expect(String(thrown)).toContain('no such server'));
    expect(view().drill?.last?.code).toBe('failed');
    flow.balancers.refuse();
    await drilled();
    expect(view().drill?.last).toMatchObject({ code: 'failed', sentence: expect.stringMatching(why) });
    expect(flow.story().filter((row) => row.startsWith('drill-ended'))).toHaveLength(1);
    expect(stored().running).toBeUndefined();
    expect(routing()).toMatchObject({ active: 'green', preview: undefined });
  });

  it('is refused without an earlier release, during a deployment, and twice at a time', async () => {
    flow = await startFlow();
    for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
    await flow.live('v1');
    expect(ask()).toMatchObject({ ok: false, refusal: { code: 'no-rollback-target' } });
    await flow.live('v2');
    expect([ask(), ask()]).toMatchObject([{ ok: true }, { ok: false, refusal: { code: 'already-decided' } }]);
    await drilled();
    const id = flow.ask('v3', { hold: true });
    await flow.at(id, 'hold');
    expect(ask()).toMatchObject({ ok: false, refusal: { code: 'target-busy' } });
  });

  it('gives way to a rollback that begins in its middle, and puts back what it opened afterwards', async () => {
    await serving();
    await stopStandby();
    flow.environments.machine.behave('v1', { startsFor: 5 });
    ask();
    let id = '';
    const begin = () => {
      if (id !== '' || stored().running === undefined) return;
      const back = flow.people.rollback({ actor: alice });
      id = back.ok ? back.value.id : '';
    };
    await flow.during(
      () => drillIfDue(context(), new AbortController().signal),
      () => {
        begin();
        return view().drill?.isUnderWay === false || (id !== '' && stored().asked === undefined);
      },
    );
    expect(view().drill?.last).toMatchObject({ code: 'skipped', sentence: 'not drilled: a deployment went first' });
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
    await drilled();
    expect(flow.slots()).toMatchObject({ blue: 'v1 active' });
    expect([stored().running, routing().preview]).toEqual([undefined, undefined]);
    const place = { service: 'shop', target: 'production', slot: 'blue' } as const;
    expect(flow.environments.machine.instances.has(`${place.service}/${place.target}/${place.slot}`)).toBe(true);
  });

  it('that was killed in the middle is put back by the next controller, and counts as skipped', async () => {
    await serving();
    const { core, target } = flow.process();
    flow.balancers.change({});
    flow
      .process()
      .core.store.note((db, now) =>
        putDrill(db, target.key, { running: { by: 'engine', at: now, slot: 'blue', isStarted: false } }, now),
      );
    flow.restart();
    await drilled();
    expect(readDrill(core.store.db, target.key).running).toBeUndefined();
    expect(view().drill?.last).toMatchObject({ code: 'skipped', by: 'engine' });
    await drilled();
    expect(flow.story().filter((row) => row.startsWith('drill-ended'))).toHaveLength(1);
  });

  it('leaves a slot alone that holds a failed release', async () => {
    await serving();
    const id = flow.ask('v3');
    await flow.at(id, 'watch');
    await flow.environments.crash({ service: 'shop', target: 'production', slot: 'blue' });
    await flow.finish(id);
    ask();
    await drilled();
    expect(view().drill?.last).toMatchObject({
      code: 'skipped',
      sentence: 'not drilled: blue holds v3 (failed), so v1 cannot be started there',
    });
    expect(readSlot(flow.process().core.store.db, flow.process().target.key, 'blue').version).toBe('v3');
  });
});

describe('a weekly drill', () => {
  const options = '\n    drill: { weekly: tue 10:00, zone: Europe/Berlin }';
  const week = 7 * 86_400_000;
  const berlin = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Europe/Berlin',
    weekday: 'short',
    hour: '2-digit',
    hourCycle: 'h23',
  });
  const partsOf = (at: number) => Object.fromEntries(berlin.formatToParts(at).map(({ type, value }) => [type, value]));
  /** Epoch ms, from now on. */
  function nextTuesday(hour: number): number {
    const first = Math.ceil(flow.clock.now() / 3_600_000) * 3_600_000;
    const hours = Array.from({ length: 8 * 24 }, (_, index) => first + index * 3_600_000);
    const found = hours.find((at) => partsOf(at).weekday === 'Tue' && Number(partsOf(at).hour) === hour);
    if (found === undefined) throw new Error('there is no such hour in a week');
    return found;
  }
  const due = () => isDue(flow.process().core, flow.process().target);
  const at = (moment: number) => flow.clock.advance(moment - flow.clock.now());

  it('is due once within a day after its wall time', async () => {
    await serving(options);
    const ten = nextTuesday(10);
    at(ten - 60_000);
    expect(due()).toBe(false);
    at(ten);
    expect(due()).toBe(true);
    await drilled();
    expect(view().drill?.last).toMatchObject({ code: 'passed', by: 'engine' });
    expect(due()).toBe(false);
    at(ten + week - 60_000);
    expect(due()).toBe(false);
    at(ten + week + 23 * 3_600_000);
    expect(due()).toBe(true);
    at(ten + week + 25 * 3_600_000);
    expect(due()).toBe(false);
  });

  it('waits for the end of a lock and of a freeze', async () => {
    await serving(`${options}
    freezes: [{ name: night, zone: Europe/Berlin, weekly: { from: tue 09:00, to: tue 11:00 } }]`);
    const ten = nextTuesday(10);
    at(ten);
    expect(due()).toBe(false);
    at(ten + 3_600_000);
    expect(due()).toBe(true);
    flow.people.lock({ actor: alice, reason: 'stock-taking', forMs: 60_000 });
    expect(due()).toBe(false);
    flow.clock.advance(61_000);
    expect(due()).toBe(true);
  });

  it('is run by the controller', async () => {
    await serving(options);
    at(nextTuesday(10));
    await flow.during(
      (stop) => maintainDrills(flow.process().core, flow.process().lease(), stop),
      () => view().drill?.last !== undefined,
    );
    expect(view().drill?.last?.code).toBe('passed');
    expect(liveDeployment(flow.process().core.store.db, flow.process().target.key)).toBeUndefined();
  });
});
