// Every verb of the engine, called as an entry point would. A new verb does not compile here until it is in a table, or is named as
// one that only reads.

import type { Engine } from '../../../api/engine.ts';
import type { Migrations } from '../../../api/migrations.ts';
import type { StoredReleases } from '../../../api/releases.ts';
import type { SlotVerbs } from '../../../api/slots.ts';
import type { Actor } from '../../../domain/actor.ts';
import type { Result } from '../../../domain/refusal.ts';
import type { TargetRef } from '../../../domain/target.ts';
import { alice, type Flow } from '../../../testing/flow.ts';
import type { createScriptedMigrator } from './scripted-migrator.ts';

type ReadsOfEngine = 'settings' | 'outbox' | 'inbox' | 'plan' | 'routingConfiguration' | 'pendingConfiguration';
type Looks =
  | 'calendar'
  | 'waiting'
  | 'lookNow'
  | 'status'
  | 'target'
  | 'deployment'
  | 'history'
  | 'releases'
  | 'audit'
  | 'timelines'
  | 'compareSides';
type Plumbing =
  | 'cursor'
  | 'moveCursor'
  | 'firstTime'
  | 'countUnauthenticated'
  | 'recordRejection'
  | 'changed'
  | 'whenWritable'
  | 'drive'
  | 'notify'
  | 'withLease'
  | 'controllerAlive'
  | 'teardown'
  | 'close';
type Rooms = 'builds' | 'monitoring' | 'metrics' | 'migrations' | 'reports' | 'storedReleases' | 'slots';
type Acting = Exclude<keyof Engine, ReadsOfEngine | Looks | Plumbing | Rooms>;
type ActingOnSchema = Exclude<keyof Migrations, 'plan' | 'status' | 'activity' | 'contractNamed'>;
type ActingOnReleases = Exclude<keyof StoredReleases, 'list'>;
type ActingOnSlots = Exclude<keyof SlotVerbs, 'health' | 'smoke' | 'logs' | 'trace'>;

export interface Asking {
  readonly engine: Flow['people'];
  readonly actor: Actor;
  readonly ref: TargetRef;
  readonly deployment: string;
  readonly contract: string;
  /** A request that waits. */
  readonly waiting: string;
}
export type Act = (asking: Asking) => Result<unknown> | Promise<Result<unknown>>;

const signal = new AbortController().signal;
const say = (): void => undefined;

export const onEngine: Readonly<Record<Acting, Act>> = {
  deploy: ({ engine, actor, ref }) => engine.deploy({ ...ref, version: 'v3', actor }),
  request: ({ engine, actor, ref }) => engine.request({ ...ref, version: 'v3', actor }),
  cancelWaiting: ({ engine, actor, waiting }) => engine.cancelWaiting(waiting, actor),
  putFirst: ({ engine, actor, waiting }) => engine.putFirst(waiting, actor, 'outage'),
  continueFrozen: ({ engine, actor, deployment: id }) => engine.continueFrozen({ id }, actor, 'nearly done'),
  approve: ({ engine, actor, deployment: id }) => engine.approve({ id }, actor),
  reject: ({ engine, actor, deployment: id }) => engine.reject({ id }, actor, 'no'),
  promote: ({ engine, actor, deployment: id }) => engine.promote({ id }, actor),
  pause: ({ engine, actor, deployment: id }) => engine.pause({ id }, actor),
  resume: ({ engine, actor, deployment: id }) => engine.resume({ id }, actor),
  quickLook: ({ engine, actor, deployment: id }) => engine.quickLook({ id }, actor, { says: 'stop', words: 'slow' }),
  abort: ({ engine, actor, deployment: id }) => engine.abort({ id }, actor),
  extend: ({ engine, actor, deployment: id }) => engine.extend({ id }, actor),
  switch: ({ engine, actor, ref }) => engine.switch({ ...ref, actor }),
  rollback: ({ engine, actor, ref }) => engine.rollback({ ...ref, actor }),
  lock: ({ engine, actor, ref }) => engine.lock({ ...ref, actor, reason: 'stock-taking' }),
  suspend: ({ engine, actor, ref }) => engine.suspend({ ...ref, actor, reason: 'a look first' }),
  unsuspend: ({ engine, actor, ref }) => engine.unsuspend({ ...ref, actor }),
  unlock: ({ engine, actor, ref }) => engine.unlock({ ...ref, actor }),
  restoreFailed: ({ engine, actor, ref }) => engine.restoreFailed({ ...ref, actor }),
  keepFailed: ({ engine, actor, ref }) => engine.keepFailed({ ...ref, actor }),
  drill: ({ engine, actor, ref }) => engine.drill({ ...ref, actor }),
  settleStandby: ({ engine, actor, ref }) => engine.settleStandby({ ...ref, actor, to: 'stop' }),
  restoreRouting: ({ engine, actor, ref }) => engine.restoreRouting({ ...ref, actor }),
  adoptRouting: ({ engine, actor, ref }) => engine.adoptRouting({ ...ref, actor }),
  adopt: ({ engine, actor, ref }) => engine.adopt({ ...ref, actor, slot: 'blue', version: 'v1' }),
  applyConfiguration: ({ engine, actor, ref }) => engine.applyConfiguration({ ...ref, actor }),
  leaveConfiguration: ({ engine, actor, ref }) => engine.leaveConfiguration({ ...ref, actor, seen: 'x' }),
  rebuildState: ({ engine, actor }) => engine.rebuildState(actor),
  archiveAudit: ({ engine, actor }) => engine.archiveAudit({ actor, olderThanMs: 86_400_000 }),
  replay: ({ engine, actor }) => engine.replay(1, actor),
};
const onSchema: Readonly<Record<ActingOnSchema, Act>> = {
  run: ({ engine, actor, ref }) => engine.migrations.run({ ...ref, act: { kind: 'expand' }, actor, signal, say }),
  tryOn: ({ engine, actor, ref }) =>
    engine.migrations.tryOn({ ...ref, copy: 'copy', contract: false, revert: false, actor, signal, say }),
  pause: ({ engine, actor, ref }) => engine.migrations.pause({ ...ref, actor }),
  resume: ({ engine, actor, ref }) => engine.migrations.resume({ ...ref, actor }),
  contract: ({ engine, actor, ref }) => engine.migrations.contract({ ...ref, actor }),
  approveContract: ({ engine, actor, contract }) => engine.migrations.approveContract(contract, actor),
  rejectContract: ({ engine, actor, contract }) => engine.migrations.rejectContract(contract, actor, 'no'),
};
const onReleases: Readonly<Record<ActingOnReleases, Act>> = {
  fetch: ({ engine, actor, ref }) => engine.storedReleases.fetch({ ...ref, version: 'v9', actor }),
  pin: ({ engine, actor, ref }) => engine.storedReleases.pin({ ...ref, version: 'v1', reason: 'x', actor }),
  unpin: ({ engine, actor, ref }) => engine.storedReleases.unpin({ ...ref, version: 'v1', actor }),
  clearMark: ({ engine, actor, ref }) => engine.storedReleases.clearMark({ ...ref, version: 'v1', reason: 'x', actor }),
  prune: ({ engine, actor, ref }) => engine.storedReleases.prune({ ...ref, dryRun: false, actor }),
};
const onSlots: Readonly<Record<ActingOnSlots, Act>> = {
  start: ({ engine, actor, ref }) => engine.slots.start({ ...ref, slot: 'blue', version: 'v3', actor }),
  scale: ({ engine, actor, ref }) => engine.slots.scale({ ...ref, slot: 'green', instances: 2, actor }),
  stop: ({ engine, actor, ref }) => engine.slots.stop({ ...ref, slot: 'blue', actor }),
};
type Named = readonly (readonly [name: string, act: Act])[];
export const acts: Named = [
  ...Object.entries(onEngine),
  ...Object.entries(onSchema).map(([name, act]) => [`migrations.${name}`, act] as const),
  ...Object.entries(onReleases).map(([name, act]) => [`storedReleases.${name}`, act] as const),
  ...Object.entries(onSlots).map(([name, act]) => [`slots.${name}`, act] as const),
];
/** They name a deployment, a contract or a delivery, or all targets. */
const withoutTarget = [
  'cancelWaiting',
  'putFirst',
  'continueFrozen',
  'approve',
  'reject',
  'promote',
  'pause',
  'resume',
  'quickLook',
  'abort',
  'extend',
  'rebuildState',
  'archiveAudit',
  'replay',
  'migrations.approveContract',
  'migrations.rejectContract',
];
export const onTargets = acts.filter(([name]) => !withoutTarget.includes(name));

type ReadsOfOne =
  | 'plan'
  | 'routingConfiguration'
  | 'calendar'
  | 'waiting'
  | 'target'
  | 'history'
  | 'releases'
  | 'compareSides';
/** They name no target, or have an answer for each name. */
type ReadsOfAll = Exclude<ReadsOfEngine | Looks, ReadsOfOne>;
export const readsOfAll: Readonly<Record<ReadsOfAll, true>> = {
  settings: true,
  outbox: true,
  inbox: true,
  pendingConfiguration: true,
  lookNow: true,
  status: true,
  deployment: true,
  audit: true,
  timelines: true,
};
const readsOfOne: Readonly<Record<ReadsOfOne, Act>> = {
  plan: ({ engine, actor, ref }) => engine.plan({ ...ref, version: 'v3', actor }),
  routingConfiguration: ({ engine, ref }) => engine.routingConfiguration(ref, false),
  calendar: ({ engine, ref }) => engine.calendar(ref),
  waiting: ({ engine, ref }) => engine.waiting(ref),
  target: ({ engine, ref }) => engine.target(ref),
  history: ({ engine, ref }) => engine.history(ref, 10),
  releases: ({ engine, ref }) => engine.releases(ref),
  compareSides: ({ engine, ref }) => engine.compareSides(ref),
};
const readsOfSchema: Readonly<Record<Exclude<keyof Migrations, ActingOnSchema | 'contractNamed'>, Act>> = {
  plan: ({ engine, ref }) => engine.migrations.plan(ref),
  status: ({ engine, ref }) => engine.migrations.status(ref),
  activity: ({ engine, ref }) => engine.migrations.activity(ref),
};
const readsOfReleases: Readonly<Record<Exclude<keyof StoredReleases, ActingOnReleases>, Act>> = {
  list: ({ engine, ref }) => engine.storedReleases.list(ref),
};
const readsOfSlots: Readonly<Record<Exclude<keyof SlotVerbs, ActingOnSlots>, Act>> = {
  health: ({ engine, ref }) => engine.slots.health(ref, 'blue'),
  smoke: ({ engine, ref }) => engine.slots.smoke(ref, 'blue'),
  logs: ({ engine, ref }) => engine.slots.logs(ref, 'blue'),
  trace: ({ engine, ref }) => engine.slots.trace(ref, 'x'),
};
/** Of one target. */
export const reads: Named = [
  ...Object.entries(readsOfOne),
  ...Object.entries(readsOfSchema).map(([name, act]) => [`migrations.${name}`, act] as const),
  ...Object.entries(readsOfReleases).map(([name, act]) => [`storedReleases.${name}`, act] as const),
  ...Object.entries(readsOfSlots).map(([name, act]) => [`slots.${name}`, act] as const),
];

/** v2 is live, v3 is held before its users, a contract waits for its approval, and v1 waits for its turn. */
export async function layEverything(
  flow: Flow,
  migrator: ReturnType<typeof createScriptedMigrator>,
): Promise<Pick<Asking, 'deployment' | 'contract' | 'waiting'>> {
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
  migrator.plans({ contract: { ready: [{ id: '001', text: 'DROP TABLE old' }], waiting: [] } });
  const contract = await flow.people.migrations.contract({ actor: alice });
  const deployment = flow.ask('v3', { hold: true });
  await flow.at(deployment, 'hold');
  const waiting = flow.people.request({ version: 'v1', actor: alice });
  if (!contract.ok || !waiting.ok || waiting.value.kind !== 'waiting') throw new Error('it could not be laid out');
  return { deployment, contract: contract.value.id, waiting: waiting.value.waiting.id };
}
