// A controller that is stopped in the middle of an act, or robbed of its lease, and goes on with that act when another one has
// the lease: it must change nothing. Each act happens once, and the balancer, the state and the audit log agree.

import type { AuditRow, Engine } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../packages/engine/src/state/database.ts';
import { alice, deployed, eventually, finished, type Stage, setStage, until, value } from '../support/stage.ts';
import { startUsers } from '../support/users.ts';
import { isDecided } from './checks.ts';
import { type Controller, startController } from './controllers.ts';
import { wake } from './killing.ts';
import type { Edge, Order } from './moments.ts';

const target = '        canary: []\n        bake: 1s\n';
/** Not within a write: a process that is stopped there holds the lock of the state. */
const stopAt = (edge: Edge): Order => ({
  label: 'call balancer.apply in promote',
  edge,
  nth: 1,
  delayMs: 0,
  signal: 'SIGSTOP',
});

interface World {
  readonly stage: Stage;
  readonly engine: Engine;
  begin(name: string): Controller;
}

async function withControllers(work: (world: World) => Promise<void>): Promise<void> {
  const stage = await setStage({ target });
  const controllers: Controller[] = [];
  const begin = (name: string): Controller => {
    const controller = startController(stage, name);
    controllers.push(controller);
    return controller;
  };
  try {
    await work({ stage, engine: stage.open('observer'), begin });
  } finally {
    await Promise.all(controllers.map((controller) => controller.kill()));
    await stage.strike();
  }
}

const rows = ({ audit }: Engine, after = 0): readonly AuditRow[] => audit.after(after, 10_000);
const times = (engine: Engine, id: string, action: string, sentence = ''): number =>
  rows(engine).filter((row) => row.deploymentId === id && row.action === action && row.sentence.startsWith(sentence))
    .length;
const view = (engine: Engine) => engine.status().targets[0]!;
const served = async ({ front }: Stage): Promise<unknown> =>
  ((await (await fetch(`${front}/health`)).json()) as { version: unknown }).version;

/** It happened once, and is recorded once. */
function expectOnce(engine: Engine, id: string): void {
  const counts = [times(engine, id, 'step-done', 'promote'), times(engine, id, 'deployment-finished')];
  expect({ id, counts }).toEqual({ id, counts: [1, 1] });
}

/** Another process may take it at once, as when a person or a fault has changed the row. */
function steal({ settings }: Stage): void {
  const { $client: client } = openDatabase(settings.stateFolder);
  client.prepare("UPDATE leases SET held = NULL, expires_at = 0 WHERE name = 'driver'").run();
  client.close();
}

describe.concurrent('a controller without its lease', { timeout: 240_000 }, () => {
  it('that was stopped in a promotion, or in a rollback, changes nothing when it wakes', () =>
    withControllers(async ({ stage, engine, begin }) => {
      const first = begin('first');
      await deployed(engine, 'v1.0');
      const users = startUsers(stage.front, { count: 2, everyMs: 50 });
      await first.arm(stopAt('before'));
      const promoted = value(engine.deploy({ version: 'v2.1', actor: alice })).id;
      await eventually(() => first.isStopped());
      const second = begin('second');
      expect((await until(engine, promoted, finished)).outcome).toMatchObject({ kind: 'promoted' });
      await second.arm(stopAt('before'));
      const back = value(engine.rollback({ actor: alice })).id;
      await eventually(() => second.isStopped());
      begin('third');
      expect((await until(engine, back, finished)).outcome).toMatchObject({ kind: 'promoted' });
      // What both would do by now is not what was decided since.
      await deployed(engine, 'v2.0');
      await eventually(() => isDecided(view(engine)));
      const { routing } = view(engine);
      const problems: string[] = [];
      for (const controller of [first, second]) await wake(controller, problems);
      expect(problems).toEqual([]);
      expect(view(engine).routing).toEqual(routing);
      await eventually(() => isDecided(view(engine)));
      expect(await served(stage)).toBe('v2.0');
      expect(engine.status().driver).toContain('third');
      for (const id of [promoted, back]) expectOnce(engine, id);
      expect((await users.stop()).lost).toEqual([]);
      expect(engine.audit.verify()).toMatchObject({ intact: true });
    }));

  it('that is robbed of it between an act and its record leaves the rest to the other one, and competes again', () =>
    withControllers(async ({ stage, engine, begin }) => {
      const robbed = begin('robbed');
      await deployed(engine, 'v1.0');
      const other = begin('other');
      await robbed.arm(stopAt('after'));
      const { id } = value(engine.deploy({ version: 'v2.1', actor: alice }));
      await eventually(() => robbed.isStopped());
      steal(stage);
      await eventually(() => engine.status().driver?.includes('other') === true);
      robbed.signal('SIGCONT');
      expect((await until(engine, id, finished)).outcome).toMatchObject({ kind: 'promoted' });
      expectOnce(engine, id);
      await eventually(() => robbed.lines.some((line) => /lost the lease|fenced out/.test(line)));
      expect(robbed.ended()).toBeUndefined();
      await other.kill('SIGTERM');
      const back = value(engine.rollback({ actor: alice })).id;
      expect((await until(engine, back, finished)).outcome).toMatchObject({ kind: 'promoted' });
      expectOnce(engine, back);
      expect(engine.status().driver).toContain('robbed');
      await eventually(() => isDecided(view(engine)));
      expect(await served(stage)).toBe('v1.0');
      expect(engine.audit.verify()).toMatchObject({ intact: true });
    }));
});
