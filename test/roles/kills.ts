// Controllers that die while roles are handed over, at exact moments.

import type { Engine } from '@bg/engine';
import { type Controller, startController } from '../crash/controllers.ts';
import { startKilling } from '../crash/killing.ts';
import type { Moment, Order } from '../crash/moments.ts';
import { type Point, pointsOf } from '../crash/points.ts';
import { alice, bob, finished, until, value } from '../support/stage.ts';
import type { ShopWithJobs } from './shop-with-jobs.ts';

export type Play = (engine: Engine) => Promise<void>;

const limitMs = 180_000;

/** A version that is in neither slot. */
export const deployNext: Play = async (engine) => {
  for (const { version, quarantined } of value(engine.releases({})))
    if (quarantined !== undefined) value(engine.storedReleases.clearMark({ version, reason: 'again', actor: bob }));
  if (value(engine.target({})).suspension !== undefined) value(engine.unsuspend({ actor: bob }));
  const present = value(engine.target({})).slots.map(({ version }) => version);
  const version = ['v1.0', 'v2.0', 'v2.1'].find((each) => !present.includes(each)) ?? '';
  await promoted(engine, value(engine.deploy({ version, actor: alice })).id);
};

export const rollBack: Play = async (engine) =>
  promoted(engine, value(engine.rollback({ actor: bob, reason: 'wrong prices' })).id);

async function promoted(engine: Engine, id: string): Promise<void> {
  const { outcome } = await until(engine, id, finished, limitMs);
  if (outcome?.kind !== 'promoted') throw new Error(`${outcome?.kind}: ${outcome?.sentence}`);
}

/** Those in the step that hands them over, and in what writes about them. */
export const pointsOfRoles = (moments: readonly Moment[]): readonly Point[] =>
  pointsOf(moments).filter(({ name }) => /roles/.test(name));

interface Killing {
  readonly first: Controller;
  readonly play: Play;
  readonly orders: readonly Order[];
}

/** @returns how many controllers died, which one goes on, and what is wrong */
export async function playWithKills({ stage }: ShopWithJobs, engine: Engine, { first, play, orders }: Killing) {
  const killing = startKilling(orders, first, () => startController(stage, 'next'));
  await killing.armed;
  const problems: string[] = [];
  await play(engine).catch((thrown: unknown) => void problems.push(String(thrown)));
  const killed = await killing.end();
  return { ...killed, problems: [...problems, ...killed.problems] };
}
