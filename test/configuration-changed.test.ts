// The configuration is edited while a release runs: what runs is addressed and judged as it was started, until its next start.

import { type AuditRow, configurationAgainstRunning, type Engine, type TargetView } from '@bg/engine';
import { freePorts } from '@bg/engine/test-kit';
import { afterAll, describe, expect, it, vi } from 'vitest';
import {
  alice,
  deployed,
  eventually,
  finished,
  type Stage,
  setStage,
  strikeSettings,
  until,
  value,
} from './support/stage.ts';
import { startUsers } from './support/users.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const stages: Stage[] = [];
afterAll(async () => {
  for (const stage of stages) await stage.strike();
});

const target = (engine: Engine): TargetView => value(engine.target({}));
const rows = (engine: Engine, action: string): readonly AuditRow[] =>
  engine.audit.after(0, 1000).filter((row) => row.action === action);
const quick = '        canary: []\n        bake: 1s\n';

/** v1.0 is the standby in blue, v2.0 serves users in green; no controller runs. */
async function twoSides(balancer: 'embedded' | 'nginx' | 'haproxy' = 'embedded'): Promise<Stage> {
  const stage = await setStage({ target: quick, balancer });
  stages.push(stage);
  const { engine, stop } = stage.drive();
  await deployed(engine, 'v1.0');
  await deployed(engine, 'v2.0');
  await stop();
  return stage;
}

describe.concurrent('a changed port of the live side', () => {
  it.each(['embedded', 'nginx', 'haproxy'] as const)(
    'takes effect at its next start: %s loses no request, before and after',
    async (balancer) => {
      const stage = await twoSides(balancer);
      const [other = 0] = await freePorts(1);
      const users = startUsers(stage.front);
      const settings = await stage.edit((text) => text.replace(`port: ${stage.ports.green} `, `port: ${other} `));
      const { engine } = stage.drive('edited', settings);
      await eventually(() => rows(engine, 'configuration-pending').length === 1);
      await eventually(() => target(engine).slots[1].health === 'healthy');
      expect(target(engine).slots[1]).toMatchObject({ port: stage.ports.green, role: 'active' });
      expect(rows(engine, 'configuration-pending')[0]?.sentence).toContain(`${other}`);
      expect((await engine.slots.health({}, 'green')).ok).toBe(true);
      expect(value(await engine.slots.smoke({}, 'green')).passed).toBe(true);
      // Two deployments later green is started again, on its new port.
      expect(await deployed(engine, 'v2.1')).toMatchObject({ slot: 'blue', outcome: { kind: 'promoted' } });
      expect(await deployed(engine, 'v2.0')).toMatchObject({ slot: 'green', outcome: { kind: 'promoted' } });
      expect(target(engine).slots[1]).toMatchObject({ port: other, role: 'active', version: 'v2.0' });
      const { lost, sent } = await users.stop(101);
      expect(lost).toEqual([]);
      expect(sent).toBeGreaterThan(100);
    },
  );
});

describe.concurrent('ports that were exchanged while both are in use', () => {
  it('refuse a deployment with the reason, leave the way back open, and a crash is restarted where it was', async () => {
    const stage = await twoSides();
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

describe.concurrent('a changed health rule', () => {
  it('is announced, holds for what runs when a person applies it, and never where a side fails it', async () => {
    const stage = await twoSides();
    const changed = (path: string) => (text: string) =>
      text.replace(/health: \{ .*startup: 20s \}/, `health: { path: ${path}, interval: 1s, startup: 20s }`);
    const wrong = stage.drive('wrong', await stage.edit(changed('/no-such-page')));
    await eventually(() => rows(wrong.engine, 'configuration-pending').length === 2);
    expect(rows(wrong.engine, 'configuration-pending')[1]?.sentence).toContain('path');
    expect(wrong.engine.status().warnings.join()).toContain('bg config apply');
    expect(await wrong.engine.applyConfiguration({ actor: alice })).toMatchObject({
      ok: false,
      refusal: { code: 'side-unhealthy' },
    });
    await eventually(() => target(wrong.engine).slots[1].health === 'healthy');
    expect(rows(wrong.engine, 'health-changed')).toEqual([]);
    await wrong.stop();
    const { engine } = stage.drive('right', await stage.edit(changed('/health?deep=1')));
    expect((await engine.applyConfiguration({ actor: alice })).ok).toBe(true);
    expect(rows(engine, 'configuration-applied')).toHaveLength(2);
    expect(engine.status().warnings.join()).not.toContain('bg config apply');
    expect(await engine.applyConfiguration({ actor: alice })).toMatchObject({ ok: false });
  });
});

describe.concurrent('a service that is renamed while it runs', () => {
  it('is named as running without a configuration, and goes on serving', async () => {
    const stage = await twoSides();
    const [front = 0, blue = 0, green = 0] = await freePorts(3);
    const settings = await stage.edit((text) =>
      text
        .replace('\n  shop:\n', '\n  store:\n')
        .replace(`127.0.0.1:${stage.ports.front}`, `127.0.0.1:${front}`)
        .replace(`port: ${stage.ports.blue} `, `port: ${blue} `)
        .replace(`port: ${stage.ports.green} `, `port: ${green} `),
    );
    const { engine, stop } = stage.drive('renamed', settings);
    await eventually(() => rows(engine, 'configuration-pending').length === 2);
    expect(rows(engine, 'configuration-pending').map(({ code }) => code)).toEqual(['not-configured', 'not-configured']);
    expect(configurationAgainstRunning(settings).map(({ kind }) => kind)).toEqual(['not-configured', 'not-configured']);
    // Several rounds of supervision and a sweep of what no slot owns.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const answer = await (await fetch(`${stage.front}/health`)).json();
    await stop();
    await strikeSettings(settings);
    expect(answer).toMatchObject({ version: 'v2.0' });
  });
});
