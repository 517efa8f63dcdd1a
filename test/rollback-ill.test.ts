// A way back ends on a side that serves, whatever state the standby is in when it is asked for.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeploymentView, Engine, SlotView } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { alice, deployed, eventually, finished, onStage, setStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

/** The supervisor restarts no standby while the test runs: the way back does. */
const plan = (startup: string) => ({
  target: `        canary: []\n        bake: 1s\n        crash: { firstRestart: 60s, maxRestart: 60s }\n        health: { startup: ${startup} }\n`,
});
/** Four stages start at once, on a machine that may be busy with others. */
const patient = plan('60s');
const standby = (engine: Engine): SlotView => {
  const found = engine.status().targets[0]?.slots.find(({ role }) => role === 'standby');
  if (!found) throw new Error('nothing stands by');
  return found;
};
const active = (engine: Engine): string | undefined =>
  engine.status().targets[0]?.slots.find(({ role }) => role === 'active')?.version;

async function twoSides(engine: Engine): Promise<number> {
  await deployed(engine, 'v1.0');
  await deployed(engine, 'v2.1');
  await eventually(() => standby(engine).health === 'healthy' && standby(engine).pid !== undefined);
  return standby(engine).pid ?? 0;
}

const back = (engine: Engine, more = {}): Promise<DeploymentView> =>
  until(engine, value(engine.rollback({ actor: alice, ...more })).id, finished, 120_000);

describe.concurrent('a rollback to a standby', { timeout: 300_000 }, () => {
  it('that hangs starts it again, and no user of the live side notices', () =>
    onStage(patient, async (stage, engine) => {
      const pid = await twoSides(engine);
      process.kill(pid, 'SIGSTOP');
      const users = startUsers(stage.front);
      const end = await back(engine);
      const { sent, lost } = await users.stop();
      console.log(`to a hung standby: ${sent} requests, ${lost.length} lost`);
      expect(end.outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
      expect(lost).toEqual([]);
      expect(active(engine)).toBe('v1.0');
    }));

  it('that stutters waits for it, and starts nothing', () =>
    onStage(patient, async (_, engine) => {
      const pid = await twoSides(engine);
      process.kill(pid, 'SIGSTOP');
      setTimeout(() => process.kill(pid, 'SIGCONT'), 3_000);
      expect((await back(engine)).outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
      const slots = () => engine.status().targets[0]?.slots ?? [];
      await eventually(() => slots().find(({ role }) => role === 'active')?.pid !== undefined);
      expect(slots().find(({ role }) => role === 'active')?.pid).toBe(pid);
    }));

  it('that died a moment ago starts it again', () =>
    onStage(patient, async (_, engine) => {
      process.kill(await twoSides(engine), 'SIGKILL');
      expect((await back(engine)).outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
      expect(active(engine)).toBe('v1.0');
    }));

  it('that cannot be made healthy goes on to the next older release, unless this one was asked for by name', async () => {
    // It waits twice for a release that never becomes healthy.
    const stage = await setStage(plan('15s'));
    try {
      const flag = join(stage.folder, 'ill');
      const file = join(stage.folder, 'releases/shop/v2.0/releases/v2.0.mjs');
      const health = `  health: () => (existsSync(${JSON.stringify(flag)}) ? 'no cache' : 'healthy'),\n`;
      const text = (await readFile(file, 'utf8')).replace(
        'export const release = {',
        `export const release = {\n${health}`,
      );
      await writeFile(file, `import { existsSync } from 'node:fs';\n${text}`);
      const { engine } = stage.drive();
      for (const version of ['v1.0', 'v2.0', 'v2.1']) await deployed(engine, version);
      await writeFile(flag, '');
      const named = await back(engine, { version: 'v2.0' });
      expect(named.outcome).toMatchObject({ kind: 'failed', code: 'never-healthy' });
      expect(active(engine)).toBe('v2.1');
      const first = await back(engine);
      expect(first).toMatchObject({ version: 'v2.0', outcome: { kind: 'failed' } });
      await eventually(() => active(engine) === 'v1.0' && engine.status().targets[0]?.live === undefined, 120_000);
      expect(engine.status().targets[0]?.last).toMatchObject({
        version: 'v1.0',
        mode: 'rollback',
        requestedBy: 'person:alice',
        reason: expect.stringContaining('v2.0 could not be restored'),
        outcome: { kind: 'promoted' },
      });
    } finally {
      await stage.strike();
    }
  });
});
