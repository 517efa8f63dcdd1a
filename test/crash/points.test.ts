// Which kill points follow from what a controller passed.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '@bg/engine';
import { freePorts } from '@bg/engine/test-kit';
import { expect, it } from 'vitest';
import { drivers } from '../../packages/engine/src/compose/drivers.ts';
import { buildPlan } from '../../packages/engine/src/orchestrator/plan/plan.ts';
import { steps } from '../../packages/engine/src/orchestrator/run/steps/registry.ts';
import { configText } from '../support/stage.ts';
import { createMoments, type Moment, type Order } from './moments.ts';
import { pointsOf } from './points.ts';
import { type Scenario, scenarios } from './scenarios.ts';

const moment = (edge: Moment['edge'], label: string, atMs: number, nth = 1): Moment => ({ edge, label, nth, atMs });

const passed: readonly Moment[] = [
  moment('before', 'commit step-started promote', 100),
  moment('after', 'commit step-started promote', 110),
  moment('before', 'call balancer.apply', 120),
  moment('after', 'call balancer.apply', 160),
  moment('before', 'commit step-done promote', 210),
  moment('after', 'commit step-done promote', 220),
];

it('a step is killed before and after each of its commits, around and inside of its calls, and inside of itself', () => {
  const points = pointsOf(passed);
  expect(points.map(({ name }) => name)).toEqual([
    'before commit step-started promote',
    'after commit step-started promote',
    'inside step promote',
    'before call balancer.apply',
    'inside call balancer.apply',
    'after call balancer.apply',
    'before commit step-done promote',
    'after commit step-done promote',
  ]);
  const { order } = points.find(({ name }) => name === 'inside step promote') ?? points[0]!;
  expect(order).toMatchObject({ label: 'commit step-started promote', edge: 'after' });
  expect(order.delayMs).toBeGreaterThanOrEqual(1);
  expect(order.delayMs).toBeLessThanOrEqual(100);
});

it('a new kind of step is in it by itself, and a second one of a name is another point', () => {
  const more = [
    moment('before', 'commit step-started mirror', 1),
    moment('before', 'commit step-started mirror', 2, 2),
  ];
  expect(pointsOf(more).map(({ name }) => name)).toEqual([
    'before commit step-started mirror',
    'before commit step-started mirror #2',
  ]);
});

it('there is no step that no scenario plans', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bg-plans-'));
  const planned = await Promise.all(scenarios.map((scenario) => stepsOf(scenario, folder)));
  await rm(folder, { recursive: true });
  const names = steps.map(({ name }) => name).toSorted();
  expect([...new Set(planned.flat())].toSorted()).toEqual(names);
});

/** As the engine plans it with this scenario's configuration. */
async function stepsOf({ name, stage, plan }: Scenario, folder: string): Promise<readonly string[]> {
  if (plan === undefined) return [];
  const file = join(folder, `${name}.yaml`);
  const [blue = 0, green = 0, front = 0] = await freePorts(3);
  await writeFile(file, configText({ folder, ports: { blue, green, front }, ...stage }));
  const [settings] = loadSettings({ file, environment: {} }).targets;
  if (settings === undefined) throw new Error(`${file} has no target`);
  const balancer = drivers.balancers[0];
  const counts = {
    traffic: () => Promise.reject(new Error('not asked')),
    failures: () => Promise.reject(new Error('not asked')),
  };
  const built = buildPlan({ ...plan, settings, balancer: { ...balancer, counts }, hasActive: true, schema: [] });
  return built.steps.map((step) => step.name);
}

it('the same seed chooses the same moments, another one others', () => {
  const inside = (seed: number) => pointsOf(passed, seed).map(({ order }) => order.delayMs);
  expect(inside(1)).toEqual(inside(1));
  expect(inside(1)).not.toEqual(inside(2));
});

it('what is done within a step is named by it', () => {
  const seen: string[] = [];
  const { arm, pass } = createMoments(
    ({ label }) => seen.push(label),
    () => undefined,
  );
  arm('only-record');
  for (const label of [
    'commit step-started promote',
    'call balancer.apply',
    'commit step-done promote',
    'commit crashed',
  ])
    pass(label, 'after');
  expect(seen).toEqual([
    'commit step-started promote',
    'call balancer.apply in promote',
    'commit step-done promote',
    'commit crashed',
  ]);
});

it('an armed controller strikes once it comes to its moment for the nth time, and counts from then on', () => {
  const struck: string[] = [];
  const seen: string[] = [];
  const { arm, pass } = createMoments(
    ({ edge, label, nth }) => seen.push(`${edge} ${label} ${nth}`),
    (signal) => struck.push(signal),
  );
  pass('a', 'before');
  const order: Order = { label: 'a', edge: 'before', nth: 2, delayMs: 0, signal: 'SIGKILL' };
  arm(order);
  pass('a', 'before');
  pass('a', 'after');
  expect(struck).toEqual([]);
  pass('a', 'before');
  expect(struck).toEqual(['SIGKILL']);
  expect(seen).toEqual(['before a 1', 'after a 1', 'before a 2']);
});

it('a step that is begun again is at the same moment as one that is begun in the commit that ended the step before', () => {
  const struck: string[] = [];
  const { arm, pass } = createMoments(
    () => undefined,
    (signal) => struck.push(signal),
  );
  const label = 'commit step-done watch + step-started promote';
  arm({ label, edge: 'after', nth: 1, delayMs: 0, signal: 'SIGKILL' });
  pass('commit step-started watch', 'after');
  expect(struck).toEqual([]);
  pass('commit step-started promote', 'after');
  expect(struck).toEqual(['SIGKILL']);
});
