// The sampler of rule A2 on every load balancer: it sees nothing through a deployment and a rollback, and it does see a
// process that is killed under its users.

import { describe, expect, it } from 'vitest';
import { sampleReady } from './support/ready-instances.ts';
import { bob, deployed, eventually, finished, onStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

describe.each(['embedded', 'nginx', 'haproxy'] as const)('the sides that users get behind %s', (balancer) => {
  it('are never stopped, scaled down or started again by a deployment and a rollback', { timeout: 180_000 }, () =>
    onStage(
      { balancer, target: '        canary: [{ percent: 10, watch: 1s }]\n        bake: 1s\n' },
      async (stage, engine) => {
        await deployed(engine, 'v1.0');
        const ready = sampleReady(stage, { engine: stage.open('observer'), minimum: 1 });
        const load = startUsers(stage.front, { count: 2 });
        expect((await deployed(engine, 'v2.0')).outcome?.kind).toBe('promoted');
        const back = value(engine.rollback({ actor: bob, reason: 'wrong prices' }));
        expect((await until(engine, back.id, finished)).outcome?.kind).toBe('promoted');
        const { sent, lost } = await load.stop(200);
        const { samples, ...seen } = await ready.stop();
        console.log(`${balancer}: ${sent} requests, ${lost.length} lost; ${samples} samples of what users get`);
        expect(seen).toEqual({ below: [], changed: [] });
        expect(samples).toBeGreaterThan(10);
        expect(lost).toEqual([]);
      },
    ),
  );
});

describe('the sampler', () => {
  it('reports a process that ends while users are sent to it', { timeout: 120_000 }, () =>
    onStage({}, async (stage, engine) => {
      await deployed(engine, 'v1.0');
      const live = () => value(engine.target({})).slots[0].pid;
      await eventually(() => live() !== undefined);
      const ready = sampleReady(stage, { engine: stage.open('observer'), minimum: 1 });
      const first = live() ?? 0;
      process.kill(-first, 'SIGKILL');
      await eventually(() => live() !== undefined && live() !== first);
      await eventually(async () => (await fetch(`${stage.front}/health`)).ok);
      const { below, changed } = await ready.stop();
      expect(below[0]).toBe('0 of 1 in blue');
      expect(changed.join()).toContain(`${first} of blue became`);
    }),
  );
});
