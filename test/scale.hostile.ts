// The number of instances of a side changes while users are on it, on every load balancer: no request is lost, what was
// there goes on, and a controller that is killed in the middle leaves nothing half-done.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine, SlotView } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { sampleReady } from './support/ready-instances.ts';
import { alice, bob, deployed, eventually, finished, onStage, type Stage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

const target = `
        instances: 2
        maxInstances: 4
        canary: []
        bake: 1s
`;

const sideOf = (engine: Engine, slot: 'blue' | 'green'): SlotView =>
  value(engine.target({})).slots[slot === 'blue' ? 0 : 1];

const pidsOf = (engine: Engine, slot: 'blue' | 'green') =>
  sideOf(engine, slot).instances?.flatMap(({ pid, running }) => (running && pid !== undefined ? [pid] : [])) ?? [];

const has = (engine: Engine, slot: 'blue' | 'green', count: number) => () => {
  const { count: counted, instances = [] } = sideOf(engine, slot);
  const well = instances.filter(({ healthy, running }) => healthy && running).length;
  return counted?.scaling === undefined && counted?.instances === count && well === count && instances.length === count;
};

const scale = (engine: Engine, slot: 'blue' | 'green', instances: number) =>
  value(engine.slots.scale({ slot, instances, actor: alice }));

const lastSentence = (engine: Engine, action: 'scaled' | 'scale-failed') =>
  engine.audit.after(0, 10_000).findLast((row) => row.action === action)?.sentence;

/** Processes that took orders of users, by the ledger that each of them keeps. */
const sellers = ({ folder }: Stage): readonly number[] =>
  readdirSync(join(folder, 'ledger')).flatMap((name) => {
    const pid = Number(/-(\d+)\.txt$/.exec(name)?.[1]);
    return Number.isNaN(pid) ? [] : [pid];
  });

describe.each(['embedded', 'nginx', 'haproxy'] as const)('a side behind %s', (balancer) => {
  it('gets more instances and fewer under load, and the next side as many', { timeout: 300_000 }, () =>
    onStage({ target, balancer, instances: 4 }, async (stage, engine) => {
      await deployed(engine, 'v1.0');
      await eventually(has(engine, 'blue', 2));
      const first = pidsOf(engine, 'blue');
      const ready = sampleReady(stage, { engine: stage.open('observer'), minimum: 1 });
      const load = startUsers(stage.front, { count: 4 });
      expect(scale(engine, 'blue', 4)).toMatchObject({ from: 2, to: 4, most: 4, state: 'begun' });
      await eventually(has(engine, 'blue', 4));
      expect(pidsOf(engine, 'blue').slice(0, 2)).toEqual(first);
      expect(lastSentence(engine, 'scaled')).toBe('blue has 4 instances now, 2 before');
      expect(scale(engine, 'blue', 4)).toMatchObject({ state: 'already' });
      const four = pidsOf(engine, 'blue');
      await eventually(() => four.every((pid) => sellers(stage).includes(pid)));

      scale(engine, 'blue', 3);
      await eventually(has(engine, 'blue', 3));
      expect(pidsOf(engine, 'blue').slice(0, 2)).toEqual(first);
      const view = await deployed(engine, 'v2.0');
      expect(view).toMatchObject({ slot: 'green', outcome: { kind: 'promoted' } });
      expect(view.receipt?.instances).toHaveLength(3);
      await eventually(has(engine, 'green', 3));
      scale(engine, 'green', 1);
      await eventually(() => sideOf(engine, 'green').count?.scaling === undefined);
      expect(sideOf(engine, 'green').count).toEqual({ instances: 1, most: 4 });
      const back = await until(engine, value(engine.rollback({ actor: bob, reason: 'wrong prices' })).id, finished);
      expect(back).toMatchObject({ version: 'v1.0', outcome: { kind: 'promoted' } });
      expect(pidsOf(engine, 'blue').slice(0, 2)).toEqual(first);
      const { sent, lost } = await load.stop(500);
      const { samples, below } = await ready.stop();
      console.log(
        `${balancer}: ${sent} requests while instances came and went, ${lost.length} lost; ${samples} samples`,
      );
      expect(lost).toEqual([]);
      expect(below).toEqual([]);
    }),
  );
});
