// The configuration is edited while a release runs: what runs is addressed and judged as it was started, until its next start.

import type { AuditRow, Engine, TargetView } from '@bg/engine';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freePorts } from './support/ports.ts';
import { alice, deployed, eventually, finished, type Stage, setStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let stage: Stage;
afterEach(() => stage?.strike());

const target = (engine: Engine): TargetView => value(engine.target({}));
const rows = (engine: Engine, action: string): readonly AuditRow[] =>
  engine.audit.after(0, 1000).filter((row) => row.action === action);
const quick = '        canary: []\n        bake: 1s\n';

/** v1.0 stands by in blue, v2.0 serves users in green; nobody drives. */
async function twoSides(balancer: 'embedded' | 'nginx' | 'haproxy' = 'embedded'): Promise<void> {
  stage = await setStage({ target: quick, balancer });
  const { engine, stop } = stage.drive();
  await deployed(engine, 'v1.0');
  await deployed(engine, 'v2.0');
  await stop();
}

describe('a changed port of the live side', () => {
  it.each(['embedded', 'nginx', 'haproxy'] as const)(
    'takes effect at its next start: %s loses no request, before and after',
    async (balancer) => {
      await twoSides(balancer);
      const [other = 0] = await freePorts(1);
      const users = startUsers(stage.front);
      const settings = await stage.edit((text) => text.replace(`port: ${stage.ports.green} `, `port: ${other} `));
      const { engine } = stage.drive('edited', settings);
      await eventually(() => rows(engine, 'configuration-pending').length === 1);
      await eventually(() => target(engine).slots[1].health === 'healthy');
      expect(target(engine).slots[1]).toMatchObject({ port: stage.ports.green, role: 'active' });
      expect(rows(engine, 'configuration-pending')[0]?.sentence).toContain(`${other}`);
      expect((await engine.parts.health({}, 'green')).ok).toBe(true);
      expect(value(await engine.parts.smoke({}, 'green')).passed).toBe(true);
      // Two deployments later green is started again, on its new port.
      expect(await deployed(engine, 'v2.1')).toMatchObject({ slot: 'blue', outcome: { kind: 'promoted' } });
      expect(await deployed(engine, 'v2.0')).toMatchObject({ slot: 'green', outcome: { kind: 'promoted' } });
      expect(target(engine).slots[1]).toMatchObject({ port: other, role: 'active', version: 'v2.0' });
      const { lost, sent } = await users.stop();
      expect(lost).toEqual([]);
      expect(sent).toBeGreaterThan(100);
    },
  );
});

describe('ports that were exchanged while both are in use', () => {
  it('refuse a deployment with the reason, leave the way back open, and a crash is restarted where it was', async () => {
    await twoSides();
    const { blue, green } = stage.ports;
    const settings = await stage.edit((text) =>
      text.replace(
        `blue: { port: ${blue} }, green: { port: ${green} }`,
        `blue: { port: ${green} }, green: { port: ${blue} }`,
      ),
    );
    const { engine } = stage.drive('exchanged', settings);
    await eventually(() => target(engine).slots[1].health === 'healthy');
    const refusal = engine.deploy({ version: 'v2.1', actor: alice });
    expect(refusal).toMatchObject({ ok: false, refusal: { code: 'port-taken' } });
    expect(refusal.ok ? '' : refusal.refusal.sentence).toContain(`port ${green} to blue`);
    const before = target(engine).slots[1].pid ?? 0;
    process.kill(before, 'SIGKILL');
    await eventually(
      () => (target(engine).slots[1].pid ?? before) !== before && target(engine).slots[1].health === 'healthy',
    );
    expect(target(engine).slots[1].port).toBe(green);
    const back = await until(engine, value(engine.rollback({ actor: alice })).id, finished);
    expect(back.outcome).toMatchObject({ kind: 'promoted' });
    expect(await (await fetch(`${stage.front}/health`)).json()).toMatchObject({ version: 'v1.0' });
  });
});
