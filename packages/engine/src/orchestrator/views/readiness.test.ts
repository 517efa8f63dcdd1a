// What a rollback would be like, as every status says it, and when a change for the worse is announced.

import { afterEach, describe, expect, it } from 'vitest';
import type { SlotName } from '../../domain/target.ts';
import { alice, type Flow, type FlowOptions, shortPlan, startFlow } from '../../testing/flow.ts';
import { endRetention } from '../controller/retention.ts';
import { superviseSlot } from '../controller/slot-health.ts';
import { watchReadiness } from '../controller/watch-readiness.ts';

let flow: Flow;
afterEach(() => flow.close());

async function live(versions: readonly string[], options: FlowOptions = {}): Promise<void> {
  flow = await startFlow(options);
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  for (const version of versions) await flow.live(version);
}

const place = (slot: SlotName) => ({ service: 'shop', target: 'production', slot });
const rollback = () => {
  const found = flow.people.target({});
  if (!found.ok) throw new Error(found.refusal.sentence);
  return found.value.rollback;
};

/** A round of the supervisor. */
async function round(): Promise<void> {
  const { core, target, lease } = flow.process();
  const { signal } = new AbortController();
  const context = { core, target, lease: lease(), signal };
  for (const slot of ['blue', 'green'] as const) await flow.passing(superviseSlot({ ...context, slot }));
  for (const slot of ['blue', 'green'] as const) await flow.passing(endRetention(context, slot));
  watchReadiness(context);
}

const announced = (after: number) => flow.story(after).filter((row) => row.startsWith('readiness-changed'));

describe('a rollback', () => {
  it('is blocked before there is another release', async () => {
    await live(['v1']);
    expect(rollback()).toEqual({
      readiness: 'blocked',
      version: undefined,
      sentence: 'there is no earlier release to go back to',
    });
  });

  it('is instant with a healthy standby, and says for how long', async () => {
    await live(['v1', 'v2'], { options: `${shortPlan}\n    standby: { keep: 40m }` });
    await round();
    flow.clock.advance(2 * 60_000);
    expect(rollback()).toMatchObject({
      readiness: 'instant',
      version: 'v1',
      sentence: expect.stringMatching(/^blue v1 healthy, 38 min left$/),
    });
  });

  it('is slow once the standby has died, which the round that finds it announces', async () => {
    await live(['v1', 'v2']);
    await round();
    const before = flow.lastSeq();
    expect(announced(before)).toEqual([]);
    await flow.environments.crash(place('blue'));
    await round();
    expect(rollback()).toMatchObject({ readiness: 'slow', version: 'v1' });
    expect(rollback().sentence).toMatch(/^blue v1 is unhealthy and is started again first, about \d+ s: /);
    expect(announced(before)).toEqual([expect.stringContaining('is slow now, and was instant: blue v1 is unhealthy')]);
    await round();
    expect(announced(before)).toHaveLength(1);
  });

  it('is slow while a failed release has the slot of the standby: the plan says so before, the status afterwards', async () => {
    await live(['v1', 'v2']);
    await round();
    const plan = await flow.people.plan({ version: 'v3', actor: alice });
    expect(plan.ok && plan.value.warnings.join('\n')).toMatch(
      /until v3 is live, a rollback to v1 needs a start \(about \d+ s\); if v3 fails, it stays in blue for 30 min/,
    );
    const before = flow.lastSeq();
    const id = flow.ask('v3');
    await flow.at(id, 'watch');
    await flow.environments.crash(place('blue'));
    await flow.finish(id);
    expect(rollback().sentence).toMatch(
      /^start of v1 needed, about \d+ s: blue holds v3 \(failed\) until .*; `bg restore` gives the slot back now$/,
    );
    await round();
    expect(announced(before)).toHaveLength(1);
  });

  it('is instant again at once where the slot goes back to the standby, and the failed files stay', async () => {
    await live(['v1', 'v2'], { options: `${shortPlan}\n    failedSide: { keep: 0s }` });
    const id = flow.ask('v3');
    await flow.at(id, 'watch');
    await flow.environments.crash(place('blue'));
    await flow.finish(id);
    await round();
    await round();
    expect(flow.slots().blue).toBe('v1 standby');
    expect(rollback()).toMatchObject({ readiness: 'instant', version: 'v1' });
    const releases = flow.people.releases({});
    expect(releases.ok && releases.value.map(({ version }) => version)).toContain('v3');
  });

  it('is blocked while all earlier releases are marked bad, and says what to do', async () => {
    await live(['v1', 'v2']);
    const back = flow.people.rollback({ actor: alice, reason: 'wrong prices' });
    await flow.finish(back.ok ? back.value.id : '');
    expect(rollback()).toMatchObject({ readiness: 'blocked', version: undefined });
    expect(rollback().sentence).toBe('v2 is marked bad: wrong prices; deploy a fixed release, or clear the mark');
  });
});
