// A live side becomes unhealthy without a deployment: users move to the warm standby, or the side is restarted, or the
// guard calls a person. Real processes are stopped and killed while users ask.

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditRow, Engine, SlotView } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { alice, deployed, eventually, onStage, type Stage, setStage, value } from './support/stage.ts';

const quick = (more = '') => ({
  target: `        canary: []\n        bake: 1s\n        crash: { firstRestart: 200ms, maxRestart: 2s }\n        ${more}\n`,
});
const slot = (engine: Engine, name: 'blue' | 'green'): SlotView => {
  const found = engine.status().targets[0]?.slots.find((each) => each.slot === name);
  if (!found) throw new Error(`no slot ${name}`);
  return found;
};
const rows = (engine: Engine, action: string): readonly AuditRow[] =>
  engine.audit.after(0, 10_000).filter((row) => row.action === action);
const kill = (engine: Engine, name: 'blue' | 'green', signal: NodeJS.Signals): void => {
  const { pid } = slot(engine, name);
  if (pid === undefined) throw new Error(`${name} has no process`);
  process.kill(pid, signal);
};

/** v1.0 is the standby in blue, v2.1 serves in green. */
async function twoSides(engine: Engine): Promise<void> {
  await deployed(engine, 'v1.0');
  await deployed(engine, 'v2.1');
  await eventually(() => slot(engine, 'blue').health === 'healthy' && slot(engine, 'green').health === 'healthy');
}

/** Asks every 20 ms, each with a limit, until `over`; says which version answered, and how many got no answer. */
async function users(
  front: string,
  over: () => boolean,
  limitMs = 500,
): Promise<{ sent: number; lost: number; last: string }> {
  let sent = 0;
  let lost = 0;
  let last = 'nobody';
  while (!over() && sent < 20_000) {
    sent += 1;
    const answer = await fetch(`${front}/api/products`, { signal: AbortSignal.timeout(limitMs) }).catch(
      () => undefined,
    );
    await answer?.text().catch(() => undefined);
    if (answer?.ok !== true) lost += 1;
    else last = answer.headers.get('x-shop')?.split(' ')[1] ?? 'nobody';
    await new Promise((wake) => setTimeout(wake, 20));
  }
  return { sent, lost, last };
}

/** The releases report as unhealthy as long as the file is there; each side has its own, and both have `both`. */
async function giveIllness({
  folder,
}: Stage): Promise<(whose: 'v1.0' | 'v2.1' | 'both', isIll: boolean) => Promise<void>> {
  const flag = (whose: string): string => join(folder, `ill-${whose}`);
  for (const version of ['v1.0', 'v2.1']) {
    const file = join(folder, 'releases/shop', version, 'releases', `${version}.mjs`);
    const text = await readFile(file, 'utf8');
    const health = `  health: () => [${JSON.stringify(flag(version))}, ${JSON.stringify(flag('both'))}].some((file) => existsSync(file)) ? 'no database' : 'healthy',\n`;
    await writeFile(
      file,
      `import { existsSync } from 'node:fs';\n${text.replace('export const release = {', `export const release = {\n${health}`)}`,
    );
  }
  return (whose, isIll) => (isIll ? writeFile(flag(whose), '') : rm(flag(whose)));
}

const backOnBlue = (engine: Engine): boolean =>
  engine.status().targets[0]?.routing?.active === 'blue' && engine.status().targets[0]?.live === undefined;

describe.concurrent('a live side that is unhealthy', { timeout: 120_000 }, () => {
  it('because it hangs gives its users to the warm standby', () =>
    onStage(quick(), async (stage, engine) => {
      await twoSides(engine);
      kill(engine, 'green', 'SIGSTOP');
      const began = Date.now();
      const { sent, lost } = await users(stage.front, () => backOnBlue(engine));
      console.log(`hung: users are back after ${Date.now() - began} ms; ${sent} requests, ${lost} without an answer`);
      expect(rows(engine, 'guard-acted')).toEqual([
        expect.objectContaining({ code: 'unresponsive', detail: expect.objectContaining({ did: 'rollback' }) }),
      ]);
      expect(engine.status().targets[0]?.last).toMatchObject({
        mode: 'rollback',
        version: 'v1.0',
        requestedBy: 'engine',
        outcome: { kind: 'promoted' },
      });
      expect(value(engine.releases({})).find(({ version }) => version === 'v2.1')?.quarantined).toContain(
        'does not answer',
      );
      const stop = Date.now() + 1_000;
      const after = await users(stage.front, () => Date.now() > stop, 20_000);
      expect(after).toMatchObject({ lost: 0, last: 'v1.0' });
    }));

  it('because it hangs is restarted where there is no standby', () =>
    onStage(quick(), async (stage, engine) => {
      await deployed(engine, 'v1.0');
      await eventually(() => slot(engine, 'blue').health === 'healthy');
      const { pid } = slot(engine, 'blue');
      // Nothing is restarted that may still be coming up, which is for 20 s here.
      kill(engine, 'blue', 'SIGSTOP');
      await eventually(() => slot(engine, 'blue').health === 'healthy' && slot(engine, 'blue').pid !== pid, 60_000);
      expect(rows(engine, 'guard-acted')).toMatchObject([{ code: 'unresponsive', detail: { did: 'restart' } }]);
      const stop = Date.now() + 1_000;
      expect(await users(stage.front, () => Date.now() > stop, 20_000)).toMatchObject({ lost: 0, last: 'v1.0' });
    }));

  it('and says so gives its users to a standby that is well; with both unhealthy it only calls a person', async () => {
    const stage = await setStage(quick());
    try {
      const ill = await giveIllness(stage);
      const { engine } = stage.drive();
      await twoSides(engine);
      await ill('both', true);
      await eventually(() => rows(engine, 'guard-paged').length > 0);
      expect(rows(engine, 'guard-paged')).toMatchObject([{ code: 'unhealthy', detail: { did: 'nothing' } }]);
      expect(engine.status().targets[0]?.routing?.active).toBe('green');
      await ill('both', false);
      await eventually(() => rows(engine, 'guard-ended').length === 1 && slot(engine, 'blue').health === 'healthy');
      await ill('v2.1', true);
      await eventually(() => backOnBlue(engine));
      expect(rows(engine, 'guard-acted')).toMatchObject([{ code: 'unhealthy', detail: { did: 'rollback' } }]);
      expect(rows(engine, 'restarted')).toEqual([]);
    } finally {
      await stage.strike();
    }
  });

  it('because it crashes again and again gives its users to the standby', () =>
    onStage(quick(), async (_, engine) => {
      await twoSides(engine);
      for (const times of [1, 2, 3]) {
        await eventually(() => slot(engine, 'green').health === 'healthy');
        kill(engine, 'green', 'SIGKILL');
        await eventually(() => rows(engine, 'crashed').length === times);
        if (times < 3) await eventually(() => rows(engine, 'restarted').length === times);
      }
      await eventually(() => backOnBlue(engine));
      expect(rows(engine, 'guard-acted')).toMatchObject([{ code: 'crash-loop', detail: { did: 'rollback' } }]);
    }));

  it('is left to people where the configuration says so', () =>
    onStage(quick('guard: { unresponsive: page }'), async (_, engine) => {
      await twoSides(engine);
      kill(engine, 'green', 'SIGSTOP');
      await eventually(() => rows(engine, 'guard-paged').length === 1);
      expect(engine.status().targets[0]?.routing?.active).toBe('green');
      value(engine.rollback({ actor: alice }));
      await eventually(() => backOnBlue(engine));
    }));
});
