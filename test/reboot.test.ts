// The machine goes down and comes up again: every process of the stage is killed at once, in the middle of a canary with a
// damaged routing on the disk, and in the middle of a switch. Afterwards there is one active side, the one proved last.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditRow, Engine } from '@bg/engine';
import { expect, it, vi } from 'vitest';
import { reached, startDriver } from './support/drivers.ts';
import { killAll } from './support/reboot.ts';
import {
  alice,
  awaitsApproval,
  bob,
  eventually,
  finished,
  type Stage,
  type StageOptions,
  setStage,
  until,
  value,
} from './support/stage.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

type Balancer = NonNullable<StageOptions['balancer']>;

/** What the balancer reads at its start, below the state folder. */
const routingOf: Readonly<Record<Balancer, string>> = {
  embedded: 'proxy/shop.production.routing.json',
  haproxy: 'haproxy/shop.production/routing.map',
  nginx: 'nginx/shop.production/routing/current',
};

const newest = (engine: Engine): number => engine.audit.after(0, 10_000).at(-1)?.seq ?? 0;

async function deployTo(engine: Engine, version: string, desired: Parameters<typeof until>[2]): Promise<string> {
  const { id } = value(engine.deploy({ version, actor: alice }));
  await until(engine, id, desired, 60_000);
  return id;
}

/** What thirty users get, in a list without doubles; a user who gets nothing is in it too. */
async function served({ front }: Stage): Promise<readonly string[]> {
  const answers = Array.from({ length: 30 }, async (_, user) => {
    const answer = await fetch(`${front}/api/products`, { headers: { cookie: `bg_bucket=user-${user}` } });
    return answer.ok ? ((await answer.json()) as { version: string }).version : `${answer.status}`;
  });
  return [...new Set(await Promise.all(answers.map((each) => each.catch(() => 'nobody'))))];
}

/** One active side and no other share, users on it, the log whole; returned is what was written since `seq`. */
async function standsOn(stage: Stage, engine: Engine, version: string, seq: number): Promise<readonly AuditRow[]> {
  const target = () => value(engine.target({}));
  await eventually(() => target().slots.some(({ role, health }) => role === 'active' && health === 'healthy'), 60_000);
  await eventually(() => target().drift === undefined);
  const active = target().slots.filter(({ role }) => role === 'active');
  expect(active).toMatchObject([{ version }]);
  expect(target().routing).toMatchObject({ active: active[0]?.slot, canary: undefined });
  expect(await served(stage)).toEqual([version]);
  expect(engine.audit.verify()).toMatchObject({ intact: true });
  return engine.audit.after(seq, 10_000);
}

const said = (rows: readonly AuditRow[]): readonly string[] =>
  rows.map(({ action, sentence }) => `${action}: ${sentence}`);

async function play(balancer: Balancer, stage: Stage): Promise<void> {
  const engine = stage.open('observer');
  startDriver(stage, 'first');
  await deployTo(engine, 'v1.0', finished);

  const canary = await deployTo(engine, 'v2.0', awaitsApproval);
  const atCanary = newest(engine);
  await killAll(stage.folder);
  const routing = join(stage.settings.stateFolder, routingOf[balancer]);
  rmSync(routing);
  writeFileSync(routing, 'routing no:sense\n');
  startDriver(stage, 'second');
  const given = await until(engine, canary, finished, 60_000);
  expect(given.outcome).toMatchObject({ kind: 'failed', code: 'side-crashed' });
  const afterCanary = said(await standsOn(stage, engine, 'v1.0', atCanary));
  expect(afterCanary).toContainEqual(expect.stringMatching(/^balancer-restarted: /));
  expect(afterCanary).toContainEqual(expect.stringMatching(/^crashed: v1\.0 in blue \(active\)/));
  expect(afterCanary).toContainEqual(expect.stringMatching(/^turned-back: v2\.0 in green ended/));
  expect(afterCanary).toContainEqual('routing-applied: all users back to v1.0');

  const promoted = await deployTo(engine, 'v2.1', awaitsApproval);
  const atSwitch = newest(engine);
  value(engine.approve({ id: promoted }, bob));
  await reached(engine, { action: 'routing-intended', sentence: 'all users to v2.1' }, atSwitch);
  await killAll(stage.folder);
  startDriver(stage, 'third');
  const end = await until(engine, promoted, finished, 60_000);
  const isLive = end.outcome?.kind === 'promoted' && end.receipt?.proved === true;
  const afterSwitch = said(await standsOn(stage, engine, isLive ? 'v2.1' : 'v1.0', atSwitch));
  expect(afterSwitch).toContainEqual(expect.stringMatching(/^balancer-restarted: /));
  expect(afterSwitch).toContainEqual(expect.stringMatching(/^(crashed: v1\.0|restarted: v1\.0|turned-back: )/));
}

it.concurrent.each(['embedded', 'nginx', 'haproxy'] as const)(
  'on %s, one side is active: the one proved last; users are served, and the log says what happened',
  async (balancer) => {
    const stage = await setStage({
      balancer,
      target: '        canary: [{ percent: 50, approval: true }]\n        bake: 1s\n',
    });
    try {
      await play(balancer, stage);
    } finally {
      await killAll(stage.folder);
      await stage.strike();
    }
  },
);
