// The main job, through the engine's interface: real releases, real processes, a real balancer.

import { afterEach, describe, expect, it } from 'vitest';
import { sampleReady } from './support/ready-instances.ts';
import { alice, bob, finished, type Stage, setStage, until, value } from './support/stage.ts';

let stage: Stage;
const seen = async (): Promise<string> => {
  const answer = await fetch(`${stage.front}/health`);
  return answer.ok ? ((await answer.json()) as { version: string }).version : String(answer.status);
};

afterEach(() => stage?.strike());

describe('a deployment', () => {
  it('goes live the first time, a second version follows by canary, and a rollback takes it back', async () => {
    stage = await setStage();
    const { engine } = stage.drive();
    const first = await until(engine, value(engine.deploy({ version: 'v1.0', actor: alice })).id, finished);
    expect(first.outcome).toMatchObject({ kind: 'promoted' });
    expect(first.receipt?.proved).toBe(true);
    expect(await seen()).toBe('v1.0');

    const ready = sampleReady(stage, { engine: stage.open('observer'), minimum: 1 });
    const users = startUsers(stage.front);
    const second = await until(engine, value(engine.deploy({ version: 'v2.1', actor: alice })).id, finished);
    expect(second.outcome).toMatchObject({ kind: 'promoted' });
    expect(second.slot).toBe('green');
    expect(await seen()).toBe('v2.1');
    expect(engine.status().targets[0]?.rollback).toMatchObject({ readiness: 'instant', version: 'v1.0' });

    const back = await until(engine, value(engine.rollback({ actor: bob, reason: 'wrong prices' })).id, finished);
    expect(back.outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
    expect(await seen()).toBe('v1.0');
    const { sent, lost } = await users.stop();
    console.log(`${sent} requests sent, ${lost} lost`);
    expect(lost).toBe(0);
    expect(await ready.stop()).toMatchObject({ below: [], changed: [] });
    expect(sent).toBeGreaterThan(50);
    expect(engine.audit.verify()).toMatchObject({ intact: true });
  });
});

/** A few users at a time, who never stop asking. */
function startUsers(front: string) {
  let sent = 0;
  let lost = 0;
  let over = false;
  const user = async (): Promise<void> => {
    while (!over && sent < 20_000) {
      sent += 1;
      const ok = await fetch(`${front}/api/products`).then(
        async (answer) => answer.ok && (await answer.text()).length > 0,
        () => false,
      );
      if (!ok) lost += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const users = [user(), user(), user()];
  return {
    stop: async () => {
      over = true;
      await Promise.all(users);
      return { sent, lost };
    },
  };
}
