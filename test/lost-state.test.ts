// The state file is lost while users are served: what runs is discovered from what answers, and no user notices.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditRow, Engine, TargetView } from '@bg/engine';
import { describe, expect, it, vi } from 'vitest';
import {
  alice,
  bob,
  deployed,
  eventually,
  finished,
  type Stage,
  type StageOptions,
  setStage,
  until,
  value,
} from './support/stage.ts';
import { startUsers } from './support/users.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const target = (engine: Engine): TargetView => value(engine.target({}));
const rows = (engine: Engine, action: string): readonly AuditRow[] =>
  engine.audit.after(0, 1000).filter((row) => row.action === action);

interface Lost {
  readonly stage: Stage;
  readonly before: TargetView;
  /** With the files that SQLite keeps next to it. */
  loseState(): void;
}

/** v1.0 is the standby in blue, v2.0 serves users in green; no controller runs. Each test has its own stage. */
async function play(
  act: (lost: Lost) => Promise<void>,
  balancer: StageOptions['balancer'] = 'embedded',
): Promise<void> {
  const stage = await setStage({ target: '        canary: []\n        bake: 1s\n', balancer });
  try {
    const { engine, stop } = stage.drive();
    await deployed(engine, 'v1.0');
    await deployed(engine, 'v2.0');
    const before = target(engine);
    await stop();
    const loseState = (): void => {
      for (const part of ['', '-wal', '-shm'])
        rmSync(join(stage.settings.stateFolder, `state.sqlite${part}`), { force: true });
    };
    await act({ stage, before, loseState });
  } finally {
    await stage.strike();
  }
}

describe.concurrent('a state that was lost', { timeout: 120_000 }, () => {
  it.each(['embedded', 'nginx', 'haproxy'] as const)(
    'discovers routing, versions and releases from %s under load, moves no users, and goes on from there',
    (balancer) =>
      play(async ({ stage, before, loseState }) => {
        const users = startUsers(stage.front);
        loseState();
        const { engine } = stage.drive();
        await eventually(() => rows(engine, 'state-learnt').length === 1 && target(engine).routing.active === 'green');
        await eventually(() => rows(engine, 'routing-applied').length === 1);
        await new Promise((resolve) => setTimeout(resolve, 1000));
        const { sent, lost, versions } = await users.stop(101);
        expect(lost).toEqual([]);
        expect([...versions.keys()]).toEqual(['v2.0']);
        expect(sent).toBeGreaterThan(100);
        const after = target(engine);
        expect(after.routing).toMatchObject({ active: 'green', canary: undefined });
        expect(after.routing.generation).toBeGreaterThan(before.routing.generation);
        expect(after.slots).toMatchObject([
          { role: 'standby', version: 'v1.0', label: 'kept' },
          { role: 'active', version: 'v2.0', label: undefined },
        ]);
        expect(after.slots.map(({ pid }) => pid)).toEqual(before.slots.map(({ pid }) => pid));
        expect(rows(engine, 'state-learnt')[0]?.sentence).toContain('users go to green');
        expect(engine.audit.verify()).toMatchObject({ intact: true });
        // Users go back to the former standby only when a person requests it.
        expect(engine.rollback({ actor: alice })).toMatchObject({ ok: false, refusal: { code: 'no-rollback-target' } });
        const back = await until(engine, value(engine.switch({ actor: alice })).id, finished);
        expect(back.outcome).toMatchObject({ kind: 'promoted' });
        expect(await deployed(engine, 'v2.1')).toMatchObject({ slot: 'green', outcome: { kind: 'promoted' } });
      }, balancer),
  );

  it('discovers nothing where the side that users get does not answer: deploys nothing, until it does', () =>
    play(async ({ stage, before, loseState }) => {
      const pid = before.slots[1].pid ?? 0;
      process.kill(pid, 'SIGSTOP');
      try {
        loseState();
        const { engine } = stage.drive();
        await eventually(() => rows(engine, 'state-not-learnt').length === 1);
        const refusal = engine.deploy({ version: 'v2.1', actor: alice });
        expect(refusal).toMatchObject({ ok: false, refusal: { code: 'state-unknown' } });
        for (const slot of ['blue', 'green'] as const)
          expect(await engine.slots.stop({ slot, actor: bob })).toMatchObject({ ok: false });
        expect(target(engine).slots).toMatchObject([{ role: 'idle' }, { role: 'idle' }]);
        process.kill(pid, 'SIGCONT');
        await eventually(() => target(engine).slots[1].role === 'active');
        expect(rows(engine, 'state-not-learnt')).toHaveLength(1);
        expect(target(engine).routing.active).toBe('green');
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    }));

  it('fails a deployment that was asked for before the live side was discovered, and moves no users', () =>
    play(async ({ stage, loseState }) => {
      loseState();
      const asking = stage.open();
      const { id } = value(asking.deploy({ version: 'v2.1', actor: alice }));
      const { engine } = stage.drive();
      const ended = await until(engine, id, finished);
      expect(ended.outcome).toMatchObject({ kind: 'failed', code: 'state-unknown' });
      expect(ended.outcome?.sentence).toContain('v2.0 was found live in green');
      const answer = (await (await fetch(`${stage.front}/health`)).json()) as object;
      expect(answer).toMatchObject({ version: 'v2.0' });
      expect(target(engine).slots).toMatchObject([{ role: 'standby' }, { role: 'active' }]);
    }));
});
