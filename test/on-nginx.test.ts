// The core of the flow on a real nginx: deploy, canary, promote and roll back while users never stop asking.

import { afterEach, describe, expect, it } from 'vitest';
import { alice, bob, finished, type Stage, setStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

let stage: Stage;
afterEach(() => stage?.strike());

describe('on nginx', () => {
  it('a version follows another by canary and a rollback takes it back, and no request is lost', async () => {
    stage = await setStage({ balancer: 'nginx' });
    const { engine } = stage.drive();
    const first = await until(engine, value(engine.deploy({ version: 'v1.0', actor: alice })).id, finished);
    expect(first.outcome).toMatchObject({ kind: 'promoted' });
    expect(first.receipt?.proved).toBe(true);

    const users = startUsers(stage.front);
    const second = await until(engine, value(engine.deploy({ version: 'v2.1', actor: alice })).id, finished);
    expect(second.outcome).toMatchObject({ kind: 'promoted' });
    const back = await until(engine, value(engine.rollback({ actor: bob, reason: 'wrong prices' })).id, finished);
    expect(back.outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
    const { sent, lost, versions } = await users.stop();
    console.log(`${sent} requests sent, ${lost.length} lost`);
    expect(lost).toEqual([]);
    expect(versions.size).toBe(2);
    expect(sent).toBeGreaterThan(50);
    expect(engine.audit.verify()).toMatchObject({ intact: true });
  });
});
