// A state folder of a version without instances is opened, and the configuration then asks for three: what runs goes on
// with one until its next start, also on a way back; the balancers follow without a lost request.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine, SlotView } from '@bg/engine';
import { freePorts } from '@bg/engine/test-kit';
import { describe, expect, it } from 'vitest';
import { bob, deployed, eventually, finished, type Stage, setStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

const slots = ['blue', 'green'] as const;
const quick = '        canary: []\n        bake: 1s\n';

const sideOf = (engine: Engine, slot: 'blue' | 'green'): SlotView =>
  value(engine.target({})).slots[slot === 'blue' ? 0 : 1];

/** What an earlier version recorded of an instance. */
function age({ settings: { stateFolder } }: Stage, slot: 'blue' | 'green'): void {
  const file = join(stateFolder, 'slots', 'shop', 'production', `${slot}.json`);
  const { health: _health, startedWith: _startedWith, ...record } = JSON.parse(readFileSync(file, 'utf8'));
  expect(record).not.toHaveProperty('ports');
  writeFileSync(file, JSON.stringify(record));
}

describe.each(['embedded', 'nginx', 'haproxy'] as const)('instances that are added behind %s', (balancer) => {
  it('start with the next release of each side', { timeout: 240_000 }, async () => {
    const stage = await setStage({ target: quick, balancer });
    try {
      const before = stage.drive();
      await deployed(before.engine, 'v1.0');
      await deployed(before.engine, 'v2.0');
      await eventually(() => slots.every((slot) => sideOf(before.engine, slot).pid !== undefined));
      const pids = slots.map((slot) => sideOf(before.engine, slot).pid);
      await before.stop();
      for (const slot of slots) age(stage, slot);
      const { blue, green } = stage.ports;
      const more = await freePorts(4);
      const settings = await stage.edit((text) =>
        text
          .replace(`{ port: ${blue} }`, `{ ports: [${[blue, ...more.slice(0, 2)]}] }`)
          .replace(`{ port: ${green} }`, `{ ports: [${[green, ...more.slice(2)]}] }`),
      );
      const users = startUsers(stage.front);
      const { engine } = stage.drive('raised', settings);
      await eventually(() => slots.every((slot) => sideOf(engine, slot).health === 'healthy'));
      expect(slots.map((slot) => sideOf(engine, slot).pid)).toEqual(pids);
      expect(slots.map((slot) => sideOf(engine, slot).instances)).toEqual([undefined, undefined]);

      const back = await until(engine, value(engine.rollback({ actor: bob, reason: 'wrong prices' })).id, finished);
      expect(back).toMatchObject({ version: 'v1.0', slot: 'blue', outcome: { kind: 'promoted' } });
      expect(sideOf(engine, 'blue').pid).toBe(pids[0]);
      expect(back.receipt).toMatchObject({ proved: true });
      expect(back.receipt).not.toHaveProperty('instances');

      const each = [1, 2, 3].map((instance) => ({ instance, healthy: true }));
      for (const [version, slot] of [
        ['v2.1', 'green'],
        ['v1.0', 'blue'],
      ] as const) {
        const view = await deployed(engine, version);
        expect(view).toMatchObject({ slot, outcome: { kind: 'promoted' } });
        expect(view.receipt).toMatchObject({ instances: each, nodes: [{ instances: each }] });
        await eventually(() => sideOf(engine, slot).instances?.filter(({ healthy }) => healthy).length === 3);
      }
      const { lost, sent } = await users.stop(100);
      console.log(`${balancer}: ${sent} requests while instances were added, ${lost.length} lost`);
      expect(lost).toEqual([]);
    } finally {
      await stage.strike();
    }
  });
});
