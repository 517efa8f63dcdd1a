// The disk of the state fills up at each step of a deployment and of a rollback on each load balancer, while a process
// takes every block that becomes free. No user notices, what users get is what the state says, and after room is made
// the same controller deploys again.

import { afterEach, describe, expect, it } from 'vitest';
import { canMountDisks } from '../packages/engine/src/lib/testing/small-disk.ts';
import { reached } from './support/drivers.ts';
import { expectTruth, fullDiskService, fullDiskTarget, type Hog, startHog, story } from './support/full-disk.ts';
import { alice, bob, deployed, finished, type Stage, setStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

let stage: Stage | undefined;
let hog: Hog | undefined;
afterEach(async () => {
  hog?.stop();
  await stage?.strike();
});

const balancers = ['embedded', 'nginx', 'haproxy'] as const;
const forward = [
  'expand-schema',
  'start-preview',
  'check-health',
  'smoke-test',
  'prove-preview',
  'shift-traffic',
  'watch',
  'promote',
  'verify-live',
  'bake',
];

describe.skipIf(!canMountDisks()).each(balancers)('on %s, a disk that is full (needs root and tmpfs)', (balancer) => {
  const openStage = async (): Promise<Stage> => {
    stage = await setStage({ target: fullDiskTarget, service: fullDiskService, stateMegabytes: 64, balancer });
    return stage;
  };

  it.each(forward)('from the step %s of a deployment on', async (step) => {
    const { front, disk, drive } = await openStage();
    const { engine } = drive();
    await deployed(engine, 'v1.0');
    const users = startUsers(front);
    const seq = engine.audit.after(0, 10_000).at(-1)?.seq ?? 0;
    const { id } = value(engine.deploy({ version: 'v2.1', actor: alice }));
    await reached(engine, { action: 'step-started', sentence: step }, seq);
    hog = startHog(disk!);
    const end = await until(engine, id, finished, 120_000);
    const { kind, code } = end.outcome ?? {};
    expect(['promoted', 'failed', 'rolled-back', 'aborted'], story(engine)).toContain(kind);
    // nginx counts by its access log, whose lines are lost meanwhile: users go back when there is too little to judge.
    const notJudged = balancer === 'nginx' ? '|inconclusive' : '';
    if (kind !== 'promoted') expect(code, story(engine)).toMatch(new RegExp(`disk-full|resources-short${notJudged}`));
    await expectTruth(stage!, engine);
    hog.stop();
    expect((await deployed(engine, 'v2.0')).outcome, story(engine)).toMatchObject({ kind: 'promoted' });
    const { lost, sent } = await users.stop();
    expect([lost, sent > 50]).toEqual([[], true]);
  });

  it.each(['promote', 'verify-live'])('from the step %s of a rollback on', async (step) => {
    const { front, disk, drive } = await openStage();
    const { engine } = drive();
    await deployed(engine, 'v1.0');
    const users = startUsers(front);
    await deployed(engine, 'v2.1');
    const seq = engine.audit.after(0, 10_000).at(-1)?.seq ?? 0;
    const { id } = value(engine.rollback({ actor: bob, reason: 'wrong prices' }));
    await reached(engine, { action: 'step-started', sentence: step }, seq);
    hog = startHog(disk!);
    const end = await until(engine, id, finished, 120_000);
    expect(end.outcome, story(engine)).toMatchObject({ kind: 'promoted', code: 'rollback' });
    expect(await expectTruth(stage!, engine)).toBe('v1.0');
    hog.stop();
    expect((await deployed(engine, 'v2.1')).outcome, story(engine)).toMatchObject({ kind: 'promoted' });
    expect((await users.stop()).lost).toEqual([]);
  });
});
