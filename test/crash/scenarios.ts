// What is going on when the controller dies: one scenario for each thing that a controller does. Each can be played again
// and again on one stage, whichever side is live.

import type { DeploymentView, Engine, SlotView, TargetView } from '@bg/engine';
import type { PlanInput } from '../../packages/engine/src/orchestrator/plan/plan.ts';
import { alice, awaitsApproval, bob, eventually, finished, type StageOptions, until, value } from '../support/stage.ts';

export interface World {
  readonly engine: Engine;
  /** For everything that is waited for. */
  readonly limitMs: number;
}

export interface Scenario {
  readonly name: string;
  readonly stage: Pick<StageOptions, 'target' | 'database'>;
  /** What is planned for it; undefined where it is no deployment. */
  readonly plan: Pick<PlanInput, 'mode' | 'warm' | 'hold'> | undefined;
  /** Puts the stage into a state in which `play` can be asked for; no controller is armed yet. */
  prepare(world: World): Promise<void>;
  /** Asks for it and does what people do meanwhile, until it has ended. @throws when it ends otherwise */
  play(world: World): Promise<void>;
  /** Points from the first moment with this label on; the ones before are another scenario's. */
  readonly from?: RegExp;
  /** A release whose answers are errors by themselves: they are none of the balancer's. */
  readonly faulty?: string;
}

/** On a machine that is busy with many controllers, a side that answers late is not unhealthy. */
const patientHealth = 'health: { interval: 1s, timeout: 10s, startup: 60s }';

const plan = (bake: string, watch: string, maxErrorRate = '50%'): string => `
        canary: [{ percent: 10, watch: ${watch} }, { percent: 50, approval: true }]
        judge: { minRequests: 3, maxErrorRate: ${maxErrorRate}, patience: 60s }
        bake: ${bake}
        failedSide: { keep: 1h }
        ${patientHealth}
`;
const full = { target: plan('1s', '1s') };
const short = {
  target: `        canary: []\n        bake: 1s\n        failedSide: { keep: 1h }\n        ${patientHealth}\n`,
};

export const target = ({ engine }: World): TargetView => value(engine.target({}));
export const activeSlot = (world: World): SlotView | undefined =>
  target(world).slots.find(({ role }) => role === 'active');
const standbySlot = (world: World): SlotView | undefined => target(world).slots.find(({ role }) => role === 'standby');
const good = ['v1.0', 'v2.0', 'v2.1'];

/** A version that is in neither slot. */
function nextVersion(world: World): string {
  const present = target(world).slots.map(({ version }) => version);
  const [next] = good.filter((version) => !present.includes(version));
  if (next === undefined) throw new Error('each version is in a slot');
  return next;
}

/** Takes off again what earlier plays left: marks on releases, and the suspension that follows from one. */
function clearMarks({ engine }: World): void {
  if (value(engine.target({})).suspension !== undefined) value(engine.unsuspend({ actor: bob }));
  for (const { version, quarantined } of value(engine.releases({})))
    if (quarantined !== undefined)
      value(engine.storedReleases.clearMark({ version, reason: 'for the next point', actor: bob }));
}

/** Approves, and lets a held preview go on, each once, until the deployment is finished. */
async function withPeople({ engine, limitMs }: World, id: string): Promise<DeploymentView> {
  const answered = new Set<string>();
  const waitsForUs = (view: DeploymentView): boolean =>
    (awaitsApproval(view) && !answered.has(view.approval?.id ?? '')) ||
    (view.phase === 'hold' && !answered.has('hold'));
  for (;;) {
    const view = await until(engine, id, (now) => finished(now) || waitsForUs(now), limitMs);
    if (finished(view)) return view;
    if (view.phase === 'hold') {
      value(engine.promote({ id }, alice));
      answered.add('hold');
    } else {
      value(engine.approve({ id }, bob));
      answered.add(view.approval?.id ?? '');
    }
  }
}

function endsAs({ outcome }: DeploymentView, kind: string, code?: string): void {
  if (outcome?.kind !== kind || (code !== undefined && outcome.code !== code))
    throw new Error(`ended as ${outcome?.kind} (${outcome?.code}), not as ${kind}: ${outcome?.sentence}`);
}

async function deployNext(world: World): Promise<void> {
  clearMarks(world);
  const { id } = value(world.engine.deploy({ version: nextVersion(world), actor: alice }));
  endsAs(await withPeople(world, id), 'promoted');
}

/** Two sides that users could be sent to, both well. */
async function warmStandby(world: World): Promise<void> {
  clearMarks(world);
  if (standbySlot(world)?.label !== undefined || standbySlot(world) === undefined) await deployNext(world);
  await eventually(() => target(world).slots.every(({ health }) => health === 'healthy'), world.limitMs);
}

const ready = async (world: World): Promise<void> => clearMarks(world);

/** With every step that a deployment can have; the processes of roles are in test/roles. */
const deploy: Scenario = {
  name: 'deploy',
  stage: { target: `${plan('1s', '1s')}        processRoles: {}\n` },
  plan: { mode: 'deploy', warm: false, hold: true },
  prepare: ready,
  play: async (world) => {
    const { id } = value(world.engine.deploy({ version: nextVersion(world), hold: true, actor: alice }));
    endsAs(await withPeople(world, id), 'promoted');
  },
};

const redeploy: Scenario = {
  name: 'redeploy',
  stage: short,
  plan: { mode: 'redeploy', warm: false, hold: false },
  prepare: ready,
  play: async (world) => {
    const version = activeSlot(world)?.version ?? '';
    const { id } = value(world.engine.deploy({ version, redeploy: true, actor: alice }));
    endsAs(await withPeople(world, id), 'promoted');
  },
};

const rollback: Scenario = {
  name: 'rollback',
  stage: short,
  plan: { mode: 'rollback', warm: true, hold: false },
  prepare: warmStandby,
  play: async (world) => {
    const { id } = value(world.engine.rollback({ actor: bob, reason: 'wrong prices' }));
    endsAs(await withPeople(world, id), 'promoted', 'rollback');
  },
};

const switchSides: Scenario = {
  name: 'switch',
  stage: short,
  plan: { mode: 'switch', warm: true, hold: false },
  prepare: warmStandby,
  play: async (world) => {
    const { id } = value(world.engine.switch({ to: standbySlot(world)?.slot, actor: alice }));
    endsAs(await withPeople(world, id), 'promoted');
  },
};

const abort: Scenario = {
  name: 'abort',
  stage: full,
  plan: { mode: 'deploy', warm: false, hold: false },
  from: /turned-back/,
  prepare: ready,
  play: async (world) => {
    const { engine, limitMs } = world;
    const { id } = value(engine.deploy({ version: nextVersion(world), actor: alice }));
    await until(engine, id, (view) => awaitsApproval(view) || finished(view), limitMs);
    value(engine.abort({ id }, alice, 'not today'));
    endsAs(await until(engine, id, finished, limitMs), 'aborted');
  },
};

const takenBack: Scenario = {
  name: 'taken-back',
  stage: { target: plan('60s', '1s') },
  plan: { mode: 'deploy', warm: false, hold: false },
  from: /turned-back/,
  prepare: ready,
  play: async (world) => {
    const { engine, limitMs } = world;
    const { id } = value(engine.deploy({ version: nextVersion(world), actor: alice }));
    await until(engine, id, (view) => awaitsApproval(view) || finished(view), limitMs);
    value(engine.approve({ id }, bob));
    await until(engine, id, (view) => view.phase === 'bake' || finished(view), limitMs);
    value(engine.rollback({ actor: bob, reason: 'wrong prices' }));
    endsAs(await until(engine, id, finished, limitMs), 'rolled-back');
  },
};

const judged: Scenario = {
  name: 'judge',
  stage: { target: plan('1s', '60s', '5%') },
  plan: { mode: 'deploy', warm: false, hold: false },
  from: /step-started watch/,
  faulty: 'v2.4-errors',
  prepare: ready,
  play: async (world) => {
    const { id } = value(world.engine.deploy({ version: 'v2.4-errors', actor: alice }));
    endsAs(await until(world.engine, id, finished, world.limitMs), 'failed', 'canary-failed');
  },
};

const restore: Scenario = {
  name: 'restore',
  stage: full,
  plan: undefined,
  prepare: async (world) => {
    await warmStandby(world);
    await abort.play(world);
  },
  play: async (world) => {
    value(world.engine.restoreFailed({ actor: bob }));
    await eventually(() => standbySlot(world)?.health === 'healthy', world.limitMs);
  },
};

export const scenarios: readonly Scenario[] = [
  deploy,
  redeploy,
  rollback,
  switchSides,
  abort,
  takenBack,
  judged,
  restore,
];
