// A controller that is killed at any moment: the next one takes over, the deployment ends as it would have, and no user
// notices. Several stages at once, because each takeover waits for the lease to run out.

import { afterAll, describe, expect, it } from 'vitest';
import { type Driver, type Point, reached, startDriver } from './support/drivers.ts';
import { sidesAlive } from './support/leftovers.ts';
import { alice, finished, type Stage, setStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

const stages: Stage[] = [];
const drivers: Driver[] = [];

afterAll(async () => {
  await Promise.all(drivers.map((driver) => driver.kill()));
  await Promise.all(stages.map((stage) => stage.strike()));
});

const begins = (...names: readonly string[]): Point[] =>
  names.map((sentence) => ({ action: 'step-started', sentence }));
const undoes = (...names: readonly string[]): Point[] =>
  names.map((sentence) => ({ action: 'undo-started', sentence }));

interface Crash {
  readonly title: string;
  readonly points: readonly Point[];
  /** Gives the deployment up when this is reached, before the first kill. */
  readonly giveUpAt?: Point;
  readonly ends: 'promoted' | 'aborted' | 'rolled-back';
}

const crashes: readonly Crash[] = [
  {
    title: 'while it prepares the new side',
    points: [
      { action: 'deployment-requested', sentence: 'alice' },
      ...begins('expand-schema', 'start-preview', 'check-health'),
    ],
    ends: 'promoted',
  },
  {
    title: 'while it proves the new side',
    points: begins('smoke-test', 'prove-preview', 'shift-traffic', 'watch'),
    ends: 'promoted',
  },
  { title: 'while it moves everybody', points: begins('promote', 'verify-live', 'bake'), ends: 'promoted' },
  {
    title: 'inside of steps',
    points: [
      { action: 'slot-claimed', sentence: 'green' },
      { action: 'routing-intended', sentence: 'opens the preview' },
      { action: 'routing-intended', sentence: '10 %' },
      { action: 'routing-intended', sentence: 'all users to v2.1' },
    ],
    ends: 'promoted',
  },
  {
    title: 'on the way back from a canary',
    giveUpAt: { action: 'step-started', sentence: 'watch' },
    points: [
      { action: 'abort-asked', sentence: 'alice' },
      { action: 'turned-back', sentence: 'aborted' },
      ...undoes('shift-traffic', 'prove-preview', 'start-preview'),
    ],
    ends: 'aborted',
  },
  {
    title: 'on the way back after everybody was moved',
    giveUpAt: { action: 'step-started', sentence: 'bake' },
    points: [
      ...undoes('promote'),
      { action: 'routing-intended', sentence: 'all users back to v1.0' },
      ...undoes('shift-traffic'),
    ],
    ends: 'rolled-back',
  },
];

const target = `
        canary: [{ percent: 10, watch: 3s }]
        judge: { minRequests: 3, maxErrorRate: 50%, patience: 60s }
        bake: 3s
`;

async function crashStage({ points, giveUpAt, ends }: Crash): Promise<void> {
  const stage = await setStage({ target });
  stages.push(stage);
  const engine = stage.open('observer');
  let driver = drive(stage, 0);
  await until(engine, value(engine.deploy({ version: 'v1.0', actor: alice })).id, finished, 60_000);
  const users = startUsers(stage.front, { count: 2, everyMs: 25 });

  let seq = engine.audit.after(0, 10_000).at(-1)?.seq ?? 0;
  const { id } = value(engine.deploy({ version: 'v2.1', actor: alice }));
  if (giveUpAt) {
    await reached(engine, giveUpAt, seq);
    value(engine.abort({ id }, alice, 'not today'));
  }
  for (const [index, point] of points.entries()) {
    seq = await reached(engine, point, seq);
    await driver.kill();
    driver = drive(stage, index + 1);
  }
  const end = await until(engine, id, finished, 90_000);
  expect(end.outcome?.kind).toBe(ends);
  await endsWell(stage, end.outcome?.kind === 'promoted' ? 'v2.1' : 'v1.0', users);
}

function drive(stage: Stage, count: number): Driver {
  const driver = startDriver(stage, `driver-${count}`);
  drivers.push(driver);
  return driver;
}

async function endsWell(stage: Stage, version: string, users: ReturnType<typeof startUsers>): Promise<void> {
  const engine = stage.open('afterwards');
  const [target] = engine.status().targets;
  const active = target?.slots.filter(({ role }) => role === 'active');
  expect(active?.map((slot) => slot.version)).toEqual([version]);
  expect(target?.routing).toMatchObject({ active: active?.[0]?.slot, canary: undefined });
  const answer = await fetch(`${stage.front}/health`);
  expect(await answer.json()).toMatchObject({ version });
  const { sent, lost } = await users.stop(101);
  expect(lost).toEqual([]);
  expect(sent).toBeGreaterThan(100);
  expect(engine.audit.verify()).toMatchObject({ intact: true });
  const alive = sidesAlive(stage.folder);
  expect(alive).toHaveLength(target?.slots.filter(({ role }) => role !== 'idle').length ?? 0);
}

describe('a controller that is killed', () => {
  it.concurrent.each(crashes)('$title: the next one ends what it began', { timeout: 170_000 }, (crash) =>
    crashStage(crash),
  );
});
