// A live side whose health is good while users meet errors: only its smoke tests see it, long after the deployment.
// Real processes, real requests through the embedded balancer.

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditRow, Engine } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { deployed, eventually, onStage, type Stage } from './support/stage.ts';

const target = (guard: string) => `        canary: []
        bake: 1s
        continuousSmoke: { interval: 1s, failures: 2 }
        guard: { ${guard} }
`;
const view = (engine: Engine) => engine.status().targets[0];
const slot = (engine: Engine, name: 'blue' | 'green') => view(engine)?.slots.find((each) => each.slot === name);
const rows = (engine: Engine, action: string): readonly AuditRow[] =>
  engine.audit.after(0, 10_000).filter((row) => row.action === action);

/** As long as the file is there, everything but the health of these releases answers 500. */
async function breakable({ folder }: Stage, versions: readonly string[]): Promise<string> {
  const flag = join(folder, 'broken');
  for (const version of versions) {
    const file = join(folder, 'releases/shop', version, 'releases', `${version}.mjs`);
    const text = await readFile(file, 'utf8');
    const answer = `  beforeAnswer: () => (existsSync(${JSON.stringify(flag)}) ? { status: 500 } : {}),\n`;
    await writeFile(
      file,
      `import { existsSync } from 'node:fs';\n${text.replace('export const release = {', `export const release = {\n${answer}`)}`,
    );
  }
  return flag;
}

async function tested(engine: Engine): Promise<void> {
  await deployed(engine, 'v1.0');
  await deployed(engine, 'v2.1');
  await eventually(() =>
    ['blue', 'green'].every((name) => slot(engine, name as 'blue')?.smoke?.condition === 'passing'),
  );
}

describe.concurrent('a side that is healthy and fails its smoke tests', { timeout: 120_000 }, () => {
  it('gives its users to the standby, where the guard is asked to', () =>
    onStage({ target: target('smokeTests: rollback') }, async (stage, engine) => {
      const flag = await breakable(stage, ['v2.1']);
      await tested(engine);
      expect(slot(engine, 'green')?.smoke).toMatchObject({ passed: 2, of: 2 });
      await writeFile(flag, '');
      await eventually(() => view(engine)?.routing.active === 'blue' && view(engine)?.live === undefined);
      expect(rows(engine, 'smoke-changed')).toMatchObject([
        { code: 'failing', detail: { slot: 'green', role: 'active' } },
      ]);
      expect(rows(engine, 'guard-acted')).toMatchObject([{ code: 'smoke-failing', detail: { did: 'rollback' } }]);
      expect(rows(engine, 'health-changed').filter(({ code }) => code === 'unhealthy')).toEqual([]);
      const answer = await fetch(`${stage.front}/api/products`);
      expect([answer.status, answer.headers.get('x-shop')]).toEqual([200, 'blue v1.0']);
    }));

  it('keeps its users while the standby fails as well: a rollback is slow, and a person is called', () =>
    onStage({ target: target('smokeTests: rollback') }, async (stage, engine) => {
      const flag = await breakable(stage, ['v1.0', 'v2.1']);
      await tested(engine);
      await eventually(() => view(engine)?.rollback.readiness === 'instant');
      expect(view(engine)?.rollback.sentence).toContain('smoke ok');
      await writeFile(flag, '');
      await eventually(() => rows(engine, 'guard-paged').length > 0 && view(engine)?.rollback.readiness === 'slow');
      expect(view(engine)?.routing.active).toBe('green');
      expect(rows(engine, 'guard-acted')).toEqual([]);
      await eventually(() => rows(engine, 'readiness-changed').some(({ code }) => code === 'slow'));
      await rm(flag);
      await eventually(() => rows(engine, 'guard-ended').length === 1);
      await eventually(() => view(engine)?.rollback.readiness === 'instant');
    }));
});
