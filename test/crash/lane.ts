// One stage on which a scenario is played again and again, each time with a controller that dies at another point. The
// controller that went on is the next one to die.

import type { Engine } from '@bg/engine';
import { alice, finished, type StageOptions, setStage, until, value } from '../support/stage.ts';
import { startUsers } from '../support/users.ts';
import { aboutOrders, disagreements } from './checks.ts';
import { type Controller, startController } from './controllers.ts';
import { startKilling } from './killing.ts';
import type { Moment } from './moments.ts';
import type { Play } from './plays.ts';
import type { Scenario, World } from './scenarios.ts';

export type Balancer = NonNullable<StageOptions['balancer']>;

export interface Result {
  /** How many died; fewer than were to die where a row, as one about health, was not written this time. */
  readonly reached: number;
  readonly sent: number;
  readonly lost: readonly string[];
  readonly disagreements: readonly string[];
  readonly ms: number;
}

export interface Lane {
  /** What a controller passes in a play without a kill. */
  record(): Promise<readonly Moment[]>;
  play(play: Play): Promise<Result>;
  close(): Promise<void>;
}

/** A machine that is ten times slower than usual stays below it. */
const limitMs = 240_000;

export async function openLane(scenario: Scenario, balancer: Balancer): Promise<Lane> {
  const stage = await setStage({ ...scenario.stage, balancer });
  const engine = stage.open('observer');
  const world: World = { engine, limitMs };
  const controllers: Controller[] = [];
  const begin = (): Controller => {
    const controller = startController(stage, `controller-${controllers.length + 1}`);
    controllers.push(controller);
    return controller;
  };
  const close = async (): Promise<void> => {
    await Promise.all(controllers.map((controller) => controller.kill()));
    await stage.strike();
  };
  let current = begin();
  await firstRelease(engine).catch(async (thrown: unknown) => {
    await close();
    throw thrown;
  });

  async function record(): Promise<readonly Moment[]> {
    const users = startUsers(stage.front, quiet);
    await scenario.prepare(world);
    await current.arm('only-record');
    await scenario.play(world);
    await users.stop();
    return ownPart(scenario, current.moments);
  }

  async function play({ points }: Play): Promise<Result> {
    const began = performance.now();
    const users = startUsers(stage.front, quiet);
    await scenario.prepare(world);
    const seq = newestRow(engine);
    const killing = startKilling(
      points.map(({ order }) => order),
      current,
      begin,
    );
    await killing.armed;
    const end = await scenario.play(world).then(
      () => undefined,
      (thrown: unknown) => String(thrown),
    );
    const { reached, moments, survivor, problems: ofControllers } = await killing.end();
    current = survivor;
    const found = end === undefined ? await disagreements({ stage, world, seq, moments }) : [end];
    const { sent, lost, orders } = await users.stop();
    const problems = [...found, ...ofControllers, ...aboutOrders(stage, orders)];
    const all = [...problems, ...(problems.length > 0 ? [storyAfter(engine, seq)] : [])];
    return {
      reached,
      sent,
      lost: lostOf(lost, scenario),
      disagreements: all,
      ms: performance.now() - began,
    };
  }

  return { record, play, close };
}

const quiet = { count: 2, everyMs: 50 };

async function firstRelease(engine: Engine): Promise<void> {
  const { id } = value(engine.deploy({ version: 'v1.0', actor: alice }));
  const view = await until(engine, id, finished, limitMs);
  if (view.outcome?.kind !== 'promoted') throw new Error(`v1.0 is not live: ${view.outcome?.sentence}`);
}

/** The points of the part that no other scenario has. */
function ownPart({ from }: Scenario, moments: readonly Moment[]): readonly Moment[] {
  const first = from === undefined ? 0 : moments.findIndex(({ label }) => from.test(label));
  if (first < 0) throw new Error(`the scenario never came to ${from}`);
  return moments.slice(first);
}

/** A faulty release's errors are its own answers, which the balancer passed on. */
const lostOf = (lost: readonly string[], { faulty }: Scenario): readonly string[] =>
  faulty === undefined ? lost : lost.filter((each) => !/^5\d\d .*the till is jammed/.test(each));

function newestRow({ audit }: Engine): number {
  for (let seq = 0; ; ) {
    const newest = audit.after(seq, 1_000).at(-1)?.seq;
    if (newest === undefined) return seq;
    seq = newest;
  }
}

function storyAfter({ audit }: Engine, seq: number): string {
  const rows = audit
    .after(seq, 1_000)
    .map(({ at, action, code, sentence }) => `    ${new Date(at).toISOString()} ${action} ${code ?? ''}: ${sentence}`);
  return `what happened:\n${rows.join('\n')}`;
}
