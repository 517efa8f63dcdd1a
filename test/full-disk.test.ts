// The disk of the state is full, and something takes every block that becomes free: users are served, the way back works,
// and after room is made everything goes on in the same processes.

import { afterAll, describe, expect, it } from 'vitest';
import { canMountDisks } from '../packages/engine/src/lib/testing/small-disk.ts';
import { reached } from './support/drivers.ts';
import {
  expectTruth,
  fullDiskService,
  fullDiskTarget,
  type Hog,
  startHog as startHogOn,
  story,
} from './support/full-disk.ts';
import { alice, bob, deployed, finished, type Stage, setStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
}, 120_000);

async function openStage(): Promise<{ readonly stage: Stage; readonly startHog: () => Hog }> {
  const stage = await setStage({ target: fullDiskTarget, service: fullDiskService, stateMegabytes: 48 });
  ends.push(stage.strike);
  return {
    stage,
    startHog: () => {
      const hog = startHogOn(stage.disk!);
      ends.push(hog.stop);
      return hog;
    },
  };
}

describe.skipIf(!canMountDisks())('on a full disk (needs root and tmpfs)', { concurrent: true }, () => {
  it('a rollback gets all users back, and the next deployment needs no restart', async () => {
    const { stage, startHog } = await openStage();
    const { engine } = stage.drive();
    await deployed(engine, 'v1.0');
    const users = startUsers(stage.front);
    await deployed(engine, 'v2.1');
    const hog = startHog();
    const back = await until(engine, value(engine.rollback({ actor: bob, reason: 'wrong prices' })).id, finished);
    expect(back.outcome, story(engine)).toMatchObject({ kind: 'promoted', code: 'rollback' });
    expect(await expectTruth(stage, engine)).toBe('v1.0');
    const refused = await until(engine, value(engine.deploy({ version: 'v2.1', actor: alice })).id, finished);
    expect(refused.outcome).toMatchObject({ kind: 'failed', code: 'resources-short' });
    hog.stop();
    expect((await deployed(engine, 'v2.1')).outcome).toMatchObject({ kind: 'promoted' });
    expect((await users.stop()).lost).toEqual([]);
    expect(engine.audit.verify()).toMatchObject({ intact: true });
  });

  it('a deployment that has started its new side goes to its end', async () => {
    const { stage, startHog } = await openStage();
    const { engine } = stage.drive();
    await deployed(engine, 'v1.0');
    const users = startUsers(stage.front);
    const seq = engine.audit.after(0, 10_000).at(-1)?.seq ?? 0;
    const { id } = value(engine.deploy({ version: 'v2.1', actor: alice }));
    await reached(engine, { action: 'step-started', sentence: 'check-health' }, seq);
    const hog = startHog();
    const end = await until(engine, id, finished, 60_000);
    expect(end.outcome, story(engine)).toMatchObject({ kind: 'promoted' });
    hog.stop();
    await expectTruth(stage, engine);
    expect((await users.stop()).lost).toEqual([]);
  });
});
