// The system under test: the real verbs, the real controller with all its parts and the real state in SQLite, on fakes for
// time, releases and load balancer. The controller can die between any two writes and after any call of a driver; the
// next one takes over by itself.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '@bg/engine/test-kit';
import type { DeploymentView } from '../../packages/engine/src/api/deployment.ts';
import type { TargetView } from '../../packages/engine/src/api/views.ts';
import type { SlotKey, SlotName } from '../../packages/engine/src/domain/target.ts';
import { createFakeBalancers, type FakeBalancers } from '../../packages/engine/src/testing/fake-balancer.ts';
import { createFakeChangeSignal } from '../../packages/engine/src/testing/fake-change-signal.ts';
import { createFakeClock, type FakeClock } from '../../packages/engine/src/testing/fake-clock.ts';
import { createFakeEnvironments, type FakeEnvironments } from '../../packages/engine/src/testing/fake-environment.ts';
import { createFakeMigrators } from '../../packages/engine/src/testing/fake-migrator.ts';
import { layRelease, specOf } from '../../packages/engine/src/testing/flow.ts';
import { type FlowProcess, startProcess } from '../../packages/engine/src/testing/flow-process.ts';
import { loadSettings } from '../../packages/engine/src/testing/small-drivers.ts';
import { configOf, type Plan, versions } from './configuration.ts';
import { emptyFolder, rememberStatements } from './quick-state.ts';
import { settled } from './settled.ts';

export type DeathAt =
  | { readonly kind: 'write'; readonly at: number; readonly moment: 'before' | 'after' }
  | { readonly kind: 'call'; readonly at: number }
  | { readonly kind: 'now' };

export interface System {
  readonly people: FlowProcess['engine'];
  readonly core: FlowProcess['core'];
  readonly clock: FakeClock;
  readonly environments: FakeEnvironments;
  readonly balancers: FakeBalancers;
  place(slot: SlotName): SlotKey;
  view(): TargetView;
  live(): DeploymentView | undefined;
  /** Until nothing happens any more at this moment. */
  settle(): Promise<void>;
  /** In small steps for twelve seconds; the rest of a longer time is one leap, as of a machine that was stopped. */
  pass(ms: number): Promise<void>;
  /** The controller dies then; where it comes to no such moment, it lives on. */
  die(at: DeathAt): void;
  readonly deaths: () => number;
  close(): Promise<void>;
}

const stepMs = 2_000;
const finestMs = 12_000;
const afterLeapMs = 8_000;

export async function startSystem(plan: Plan): Promise<System> {
  const folder = emptyFolder();
  const [blue = 0, green = 0, listen = 0] = await freePorts(3);
  const file = join(folder, 'bluegreen.yaml');
  writeFileSync(file, configOf({ folder, ports: { blue, green, listen }, plan }));
  const clock = createFakeClock();
  const environments = createFakeEnvironments({ folder: join(folder, 'slots'), clock });
  const balancers = createFakeBalancers({ spec: specOf([blue], [green], listen), clock, ports: [listen] });
  await balancers.create().ensure();
  for (const version of versions) layRelease(folder, version);
  const world = {
    settings: loadSettings({ file, environment: {} }),
    clock,
    changeSignal: createFakeChangeSignal(clock),
    environments,
    balancers,
    migrators: createFakeMigrators(clock),
    hasDatabase: false,
  };
  const start = (name: string): FlowProcess => {
    const process = startProcess(world, name);
    rememberStatements(process.core.store.db);
    return process;
  };
  const people = start('people');
  let deaths = 0;
  const begin = () => beginDriving(start(`process ${deaths + 1}`));
  let driver = begin();
  const look = () => {
    if (!driver.process.life.isDead()) return false;
    deaths += 1;
    driver = begin();
    return true;
  };
  const settle = async (): Promise<void> => {
    do await settled();
    while (look());
  };
  const step = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settle();
  };
  const { target } = people;
  const view = (): TargetView => {
    const answer = people.engine.target(target.key);
    if (!answer.ok) throw new Error(answer.refusal.sentence);
    return answer.value;
  };
  return {
    people: people.engine,
    core: people.core,
    clock,
    environments,
    balancers,
    place: (slot) => ({ ...target.key, slot }),
    view,
    live: () => view().live,
    settle,
    pass: async (ms) => {
      await settle();
      const fineMs = Math.min(ms, finestMs);
      for (let passedMs = 0; passedMs < fineMs; passedMs += stepMs) await step(Math.min(stepMs, fineMs - passedMs));
      if (ms <= fineMs) return;
      await step(ms - fineMs);
      for (let passedMs = 0; passedMs < afterLeapMs; passedMs += stepMs) await step(stepMs);
    },
    die: (at) => {
      const { life } = driver.process;
      if (at.kind === 'now') life.kill();
      else if (at.kind === 'write') life.dieAt(at.at, at.moment);
      else life.dieAtCall(at.at);
    },
    deaths: () => deaths,
    close: async () => {
      driver.stop();
      for (let steps = 0; steps < 60 && !driver.hasEnded(); steps += 1) await step(stepMs);
      if (!driver.process.life.isDead()) driver.process.close();
      people.close();
      await Promise.all([environments.machine.close(), balancers.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Driver {
  readonly process: FlowProcess;
  readonly hasEnded: () => boolean;
  stop(): void;
}

/** A dead process has no connection to the state any more, so that it cannot give its lease back either. */
function beginDriving(process: FlowProcess): Driver {
  const over = new AbortController();
  let hasEnded = false;
  process.life.whenDead(() => {
    over.abort();
    process.close();
  });
  const end = (): void => {
    hasEnded = true;
  };
  void process.engine.drive(over.signal).then(end, end);
  return { process, hasEnded: () => hasEnded, stop: () => over.abort() };
}
