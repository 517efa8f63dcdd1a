// Three instances on each side, on every load balancer, under load: deploy, canary, approval, promote, rollback, and one
// instance killed during the canary. What was tested is what serves: no instance is started again by a promotion.

import type { Engine, SlotView } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { sampleReady } from './support/ready-instances.ts';
import { alice, awaitsApproval, bob, eventually, finished, onStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

const target = `
        canary: [{ percent: 25, watch: 2s, approval: true }]
        judge: { minRequests: 1, maxErrorRate: 90%, patience: 60s }
        bake: 1s
        crash: { firstRestart: 200ms }
`;

/** Each of them has at most one request in flight on an instance that is killed. */
const users = 3;

const sideOf = (engine: Engine, slot: 'blue' | 'green'): SlotView | undefined =>
  engine.status().targets[0]?.slots.find((each) => each.slot === slot);

const pidsOf = (engine: Engine, slot: 'blue' | 'green') =>
  sideOf(engine, slot)?.instances?.map(({ pid, running }) => (running ? pid : undefined)) ?? [];

const areAllWell = (engine: Engine, slot: 'blue' | 'green') =>
  sideOf(engine, slot)?.instances?.filter(({ healthy, running }) => healthy && running).length === 3;

/** A side that has changed its role is shown as unknown until its next check. */
const bothSeen = (engine: Engine) => eventually(() => areAllWell(engine, 'blue') && areAllWell(engine, 'green'));

describe.each(['embedded', 'nginx', 'haproxy'] as const)('three instances behind %s', (balancer) => {
  it('serve through a deployment, a kill, a promotion and a rollback', { timeout: 300_000 }, () =>
    onStage({ target, balancer, instances: 3 }, async (stage, engine) => {
      const first = value(engine.deploy({ version: 'v1.0', actor: alice })).id;
      await until(engine, first, finished);
      await eventually(() => areAllWell(engine, 'blue'));
      const ready = sampleReady(stage, { engine: stage.open('observer'), minimum: 2 });
      const load = startUsers(stage.front, { count: users });
      const { id } = value(engine.deploy({ version: 'v2.0', actor: alice }));
      const card = await until(engine, id, awaitsApproval);
      await eventually(() => areAllWell(engine, 'green'));
      const beforeKill = pidsOf(engine, 'green');
      process.kill(-(beforeKill[1] ?? 0), 'SIGKILL');
      await eventually(() => areAllWell(engine, 'green') && pidsOf(engine, 'green')[1] !== beforeKill[1]);
      const [blue, green] = [pidsOf(engine, 'blue'), pidsOf(engine, 'green')];
      expect([green[0], green[2]]).toEqual([beforeKill[0], beforeKill[2]]);
      value(engine.approve(card, bob));
      const end = await until(engine, id, finished);
      expect(end.outcome?.kind).toBe('promoted');
      expect(end.receipt?.instances?.map(({ healthy }) => healthy)).toEqual([true, true, true]);
      await bothSeen(engine);
      expect([pidsOf(engine, 'blue'), pidsOf(engine, 'green')]).toEqual([blue, green]);
      const back = await until(engine, value(engine.rollback({ actor: bob, reason: 'wrong prices' })).id, finished);
      expect(back).toMatchObject({ version: 'v1.0', outcome: { kind: 'promoted' } });
      await bothSeen(engine);
      expect([pidsOf(engine, 'blue'), pidsOf(engine, 'green')]).toEqual([blue, green]);
      const { sent, lost } = await load.stop(1_000);
      const { samples, below } = await ready.stop();
      console.log(
        `${balancer}: ${sent} requests, ${lost.length} lost; ${samples} samples, ${below.length} below 2 instances`,
      );
      expect(below).toEqual([]);
      expect(samples).toBeGreaterThan(20);
      // Only what the killed process was answering.
      expect(lost.length, lost.join('\n')).toBeLessThanOrEqual(users);
    }),
  );
});
