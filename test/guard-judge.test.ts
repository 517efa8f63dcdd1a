// A release that becomes bad after its bake, under real load on the embedded balancer: its health stays good, and only the
// counts of the load balancer show what users get.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditRow, Engine } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { deployed, eventually, onStage, type Stage } from './support/stage.ts';
import { startUsers } from './support/users.ts';

const target = '        canary: []\n        bake: 1s\n        guard: { judge: rollback }\n';
const view = (engine: Engine) => engine.status().targets[0];
const rows = (engine: Engine, action: string): readonly AuditRow[] =>
  engine.audit.after(0, 10_000).filter((row) => row.action === action);

/** While `flag` is there, three of ten requests fail; while `outage` is there, all do, and the health says so. */
async function spoil({ folder }: Stage, version: string): Promise<{ flag: string; outage: string }> {
  const [flag, outage] = [join(folder, `bad-${version}`), join(folder, 'outage')];
  const file = join(folder, 'releases/shop', version, 'releases', `${version}.mjs`);
  const text = await readFile(file, 'utf8');
  const own = `
  health: () => (existsSync(${JSON.stringify(outage)}) ? 'no database' : 'healthy'),
  beforeAnswer: ({ userRequests }) =>
    existsSync(${JSON.stringify(outage)}) || (existsSync(${JSON.stringify(flag)}) && userRequests % 10 < 3) ? { status: 500 } : {},\n`;
  await writeFile(
    file,
    `import { existsSync } from 'node:fs';\n${text.replace('export const release = {', `export const release = {${own}`)}`,
  );
  return { flag, outage };
}

async function bothSides(stage: Stage, engine: Engine): Promise<{ flag: string; outage: string }> {
  await spoil(stage, 'v1.0');
  const made = await spoil(stage, 'v2.1');
  await deployed(engine, 'v1.0');
  await deployed(engine, 'v2.1');
  await eventually(() => view(engine)?.rollback.readiness === 'instant');
  return made;
}

describe.concurrent('a release whose users get errors after the bake', { timeout: 120_000 }, () => {
  it('gives them back to the standby by itself', () =>
    onStage({ target }, async (stage, engine) => {
      const { flag } = await bothSides(stage, engine);
      const users = startUsers(stage.front);
      const began = Date.now();
      await writeFile(flag, '');
      await eventually(() => view(engine)?.routing.active === 'blue' && view(engine)?.live === undefined);
      const { sent, lost } = await users.stop();
      console.log(
        `bad after the bake: users are back after ${Date.now() - began} ms; ${sent} requests, ${lost.length} harmed`,
      );
      expect(rows(engine, 'guard-acted')).toMatchObject([{ code: 'judged-bad', detail: { did: 'rollback' } }]);
      expect(rows(engine, 'health-changed').filter(({ code }) => code === 'unhealthy')).toEqual([]);
      const good = startUsers(stage.front);
      expect(await good.stop(50)).toMatchObject({ lost: [] });
    }));

  it('keeps them in an outage that makes both sides ill, and calls a person', () =>
    onStage({ target }, async (stage, engine) => {
      const { outage } = await bothSides(stage, engine);
      const users = startUsers(stage.front);
      await writeFile(outage, '');
      await eventually(() => rows(engine, 'guard-paged').length > 0);
      await users.stop();
      expect(view(engine)?.routing.active).toBe('green');
      expect(rows(engine, 'guard-acted')).toEqual([]);
    }));
});
