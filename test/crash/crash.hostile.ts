// A part of the crash matrix: every sixth point of a deployment, of the way back from it, and of a
// rollback, each in one play in which one controller after the other dies. `npm run test:crash` plays every point.

import { afterAll, describe, expect, it } from 'vitest';
import { type Balancer, type Lane, openLane } from './lane.ts';
import type { Moment } from './moments.ts';
import { chainable, type Play, playsOf } from './plays.ts';
import { type Point, pointsOf } from './points.ts';
import { scenarios } from './scenarios.ts';

const lanes: Lane[] = [];
afterAll(() => Promise.all(lanes.map((lane) => lane.close())), 120_000);

interface Recorded {
  readonly lane: Lane;
  readonly moments: readonly Moment[];
}

async function record(name: string, balancer: Balancer): Promise<Recorded> {
  const scenario = scenarios.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const lane = await openLane(scenario, balancer);
  lanes.push(lane);
  return { lane, moments: await lane.record() };
}

/** The chosen points, all of them in one play. */
const playOf = ({ moments }: Recorded, wants: (point: Point, at: number) => boolean): Play => ({
  points: chainable(pointsOf(moments), moments).filter(wants),
});

async function survives(name: string, { lane }: Recorded, play: Play): Promise<void> {
  const { reached, sent, lost, disagreements, ms } = await lane.play(play);
  console.log(
    `${name}: ${reached} of ${play.points.length} kill points, ${sent} requests sent, ${lost.length} lost, ${disagreements.length} disagreements, ${Math.round(ms / 1_000)} s`,
  );
  expect({ play: name, lost, disagreements: disagreements.join('\n') }).toEqual({
    play: name,
    lost: [],
    disagreements: '',
  });
  // On a busy machine a step may be over, and the deployment with it, before the moment inside of it has come.
  expect(reached).toBeGreaterThanOrEqual(Math.max(1, Math.floor(play.points.length / 2)));
  expect(sent).toBeGreaterThan(20);
}

const everySixth = (_: Point, at: number): boolean => at % 6 === 0;

describe.concurrent('controllers that are killed one after the other', { timeout: 900_000 }, () => {
  it('in a deployment: it is promoted, and no user notices', async () => {
    const recorded = await record('deploy', 'embedded');
    await survives('deploy', recorded, playOf(recorded, everySixth));
  });

  it('on the way back after all users were moved: the way back is gone to its end', async () => {
    const recorded = await record('taken-back', 'embedded');
    await survives('taken back', recorded, playOf(recorded, everySixth));
  });

  it('in a rollback to the standby, on HAProxy', async () => {
    const recorded = await record('rollback', 'haproxy');
    await survives('rollback on HAProxy', recorded, playOf(recorded, everySixth));
  });
});

/** Outside of writes: a process that is stopped within one holds the lock of the state. */
function stoppedInCalls({ moments }: Recorded): readonly Play[] {
  const points = pointsOf(moments)
    // Whether the balancer lives is asked when a controller starts, and by the supervisor; not at a place of the plan.
    .filter(({ name }) => /^(before|inside) call /.test(name) && !name.includes('balancer.ensure'))
    .map((point): Point => ({ ...point, order: { ...point.order, signal: 'SIGSTOP' } }));
  return playsOf(points, moments, stoppedInOne);
}

const stoppedInOne = 4;

describe('controllers that are stopped in each call of a driver, past their lease', { timeout: 1_800_000 }, () => {
  it.each(['deploy', 'rollback', 'switch', 'abort', 'taken-back', 'restore'])(
    'in the scenario %s: when they wake they change nothing, and no user notices',
    async (name) => {
      const recorded = await record(name, 'embedded');
      const plays = stoppedInCalls(recorded);
      expect(plays.length).toBeGreaterThan(0);
      for (const play of plays) await survives(`${name}, stopped`, recorded, play);
    },
  );
});
