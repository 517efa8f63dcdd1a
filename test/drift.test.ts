// Another program changes what users get: it is reported once, with what differs, and a person decides.

import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { AuditRow, Engine, TargetView } from '@bg/engine';
import { describe, expect, it, vi } from 'vitest';
import { alice, bob, deployed, eve, eventually, type Stage, setStage, value } from './support/stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

interface Drifting {
  readonly stage: Stage;
  readonly engine: Engine;
  readonly target: () => TargetView;
  readonly rows: (action: string) => readonly AuditRow[];
  readonly served: () => Promise<string>;
  readonly roles: () => readonly string[];
}

/** v1.0 is the standby in blue, v2.0 serves users in green. Each test has its own stage: they mostly wait. */
async function play(act: (drifting: Drifting) => Promise<void>): Promise<void> {
  const stage = await setStage({ target: '        canary: []\n        bake: 1s\n' });
  try {
    const { engine } = stage.drive();
    await deployed(engine, 'v1.0');
    await deployed(engine, 'v2.0');
    const target = (): TargetView => value(engine.target({}));
    await act({
      stage,
      engine,
      target,
      rows: (action) => engine.audit.after(0, 1000).filter((row) => row.action === action),
      served: async () => ((await (await fetch(`${stage.front}/health`)).json()) as { version: string }).version,
      roles: () => target().slots.map(({ role }) => role),
    });
  } finally {
    await stage.strike();
  }
}

/** As a person would with the balancer's own tool, past the engine. */
async function changeByHand({ stage, target }: Drifting, routing: object): Promise<void> {
  const folder = join(stage.settings.stateFolder, 'proxy');
  const socketPath = join(folder, readdirSync(folder).find((name) => name.endsWith('.sock')) ?? '');
  const ask = (method: string, body = '') =>
    new Promise<{ fence: number }>((resolve, reject) => {
      request({ socketPath, method, path: '/routing' }, async (answer) => {
        const said = await json(answer);
        if (answer.statusCode === 200) resolve(said as { fence: number });
        else reject(new Error(JSON.stringify(said)));
      })
        .on('error', reject)
        .end(body);
    });
  const { fence } = await ask('GET');
  const generation = target().routing.generation + 1;
  await ask('PUT', JSON.stringify({ routing: { generation, ...routing }, fence }));
}

async function driftToBlue(drifting: Drifting): Promise<void> {
  await changeByHand(drifting, { active: 'blue' });
  await eventually(() => drifting.target().drift !== undefined);
}

describe.concurrent('a change of the routing past the engine', { timeout: 120_000 }, () => {
  it('is reported once, with what each node does, and changes nothing', () =>
    play(async (drifting) => {
      const { target, rows, served } = drifting;
      await driftToBlue(drifting);
      expect(target().drift?.nodes).toMatchObject([{ differs: true, does: 'users go to blue' }]);
      await new Promise((resolve) => setTimeout(resolve, 3500));
      expect(rows('drift-found')).toHaveLength(1);
      expect(rows('drift-found')[0]?.sentence).toContain('decided is: users go to green; but 127.0.0.1:');
      expect(await served()).toBe('v1.0');
    }));

  it('is over when the balancer does what was decided again, and that is reported too', () =>
    play(async (drifting) => {
      const { target, rows } = drifting;
      await driftToBlue(drifting);
      await changeByHand(drifting, { generation: target().routing.generation + 5, active: 'green' });
      await eventually(() => target().drift === undefined);
      expect(rows('drift-resolved')).toHaveLength(1);
    }));

  it('is restored only by an approver', () =>
    play(async (drifting) => {
      const { engine, target, rows, served } = drifting;
      await driftToBlue(drifting);
      const drift = target().drift?.id;
      for (const [actor, code] of [
        [alice, 'not-approver'],
        [eve, 'not-in-team'],
      ] as const)
        expect(await engine.restoreRouting({ actor })).toMatchObject({ ok: false, refusal: { code } });
      expect(await engine.restoreRouting({ actor: bob, drift: '1' })).toMatchObject({
        ok: false,
        refusal: { code: 'stale-card' },
      });
      expect(await served()).toBe('v1.0');
      const before = target().routing.generation;
      expect((await engine.restoreRouting({ actor: bob, drift })).ok).toBe(true);
      expect(await served()).toBe('v2.0');
      expect(target()).toMatchObject({ drift: undefined, routing: { active: 'green' } });
      expect(target().routing.generation).toBeGreaterThan(before + 1);
      expect(rows('routing-restored')[0]).toMatchObject({ actor: 'person:bob' });
      expect(await engine.restoreRouting({ actor: bob })).toMatchObject({
        ok: false,
        refusal: { code: 'not-allowed-now' },
      });
      // The controller still had its lease: the next deployment goes the usual way.
      expect(await deployed(engine, 'v2.1')).toMatchObject({ outcome: { kind: 'promoted' } });
    }));

  it('is adopted with the roles that follow from it, and going on from there works', () =>
    play(async (drifting) => {
      const { engine, target, served, roles } = drifting;
      await driftToBlue(drifting);
      expect((await engine.adoptRouting({ actor: bob })).ok).toBe(true);
      expect(target()).toMatchObject({ drift: undefined, routing: { active: 'blue', canary: undefined } });
      expect(roles()).toEqual(['active', 'standby']);
      expect(await served()).toBe('v1.0');
      expect(await deployed(engine, 'v2.1')).toMatchObject({ slot: 'green', outcome: { kind: 'promoted' } });
    }));

  it('is not adopted where the side that users get is not healthy', () =>
    play(async (drifting) => {
      const { engine, target, roles } = drifting;
      await changeByHand(drifting, { active: 'blue' });
      process.kill(target().slots[0].pid ?? 0, 'SIGSTOP');
      try {
        expect(await engine.adoptRouting({ actor: bob })).toMatchObject({
          ok: false,
          refusal: { code: 'side-unhealthy' },
        });
      } finally {
        process.kill(target().slots[0].pid ?? 0, 'SIGCONT');
      }
      expect(roles()).toEqual(['standby', 'active']);
    }));

  it('waits while a deployment is under way', () =>
    play(async (drifting) => {
      const { engine } = drifting;
      const { id } = value(engine.deploy({ version: 'v2.1', hold: true, actor: alice }));
      await changeByHand(drifting, { active: 'blue' });
      expect(await engine.restoreRouting({ actor: bob })).toMatchObject({
        ok: false,
        refusal: { code: 'target-busy' },
      });
      expect(engine.deployment(id)?.outcome).toBeUndefined();
    }));
});
