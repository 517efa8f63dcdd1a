// What holds for every verb that changes something: who may ask, for which target, and under which configuration. A new
// verb of the engine does not compile here until it is in the table, or is named as one that only reads.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../api/engine.ts';
import type { Migrations } from '../../api/migrations.ts';
import type { StoredReleases } from '../../api/releases.ts';
import type { SlotVerbs } from '../../api/slots.ts';
import type { Actor } from '../../domain/actor.ts';
import type { Result } from '../../domain/refusal.ts';
import type { TargetRef } from '../../domain/target.ts';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';
import { decidedRows, refusalOf } from './testing/refusals.ts';
import { createScriptedMigrator } from './testing/scripted-migrator.ts';

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

interface Asking {
  readonly engine: Flow['people'];
  readonly actor: Actor;
  readonly ref: TargetRef;
  readonly deployment: string;
  readonly contract: string;
}
type Act = (asking: Asking) => Result<unknown> | Promise<Result<unknown>>;

const signal = new AbortController().signal;
const say = (): void => undefined;

const onEngine: Readonly<Record<Acting, Act>> = {
  deploy: ({ engine, actor, ref }) => engine.deploy({ ...ref, version: 'v3', actor }),
  request: ({ engine, actor, ref }) => engine.request({ ...ref, version: 'v3', actor }),
  cancelWaiting: ({ engine, actor }) => engine.cancelWaiting('w_1', actor),
  putFirst: ({ engine, actor }) => engine.putFirst('w_1', actor, 'outage'),
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
  stop: ({ engine, actor, ref }) => engine.slots.stop({ ...ref, slot: 'blue', actor }),
};
const acts: readonly (readonly [name: string, act: Act])[] = [
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
const onTargets = acts.filter(([name]) => !withoutTarget.includes(name));
/** A copy and a delivery are no part of the configured state. */
const ofAnyConfiguration = ['replay', 'migrations.tryOn'];

let flow: Flow;
let deployment = '';
let contract = '';
beforeAll(async () => {
  const migrator = createScriptedMigrator();
  flow = await startFlow({ migrator });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
  migrator.plans({ contract: { ready: [{ id: '001', text: 'DROP TABLE old' }], waiting: [] } });
  const asked = await flow.people.migrations.contract({ actor: alice });
  contract = asked.ok ? asked.value.id : '';
  deployment = flow.ask('v3', { hold: true });
  await flow.at(deployment, 'hold');
});
afterAll(() => flow.close());

const asked = () => ({ store: flow.process().core.store, audit: flow.people.audit });
const asking = (change: Partial<Asking> = {}): Asking => ({
  engine: flow.people,
  actor: alice,
  ref: {},
  deployment,
  contract,
  ...change,
});
const counted = (): number =>
  Number(flow.process().core.store.db.$client.prepare('SELECT coalesce(sum(count), 0) FROM strangers').pluck().get());

describe('every verb that changes something', () => {
  it.each(acts)('%s refuses an unauthenticated sender, counts it, and writes no row per request', async (_, act) => {
    const eve: Actor = { kind: 'stranger', name: 'U0EVE', door: 'slack' };
    const [before, seq, count] = [decidedRows(asked().store), flow.lastSeq(), counted()];
    const answer = await act(asking({ actor: eve }));
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'not-in-team' } });
    expect([decidedRows(asked().store), flow.lastSeq(), counted()]).toEqual([before, seq, count + 1]);
  });

  it.each(onTargets)('%s refuses a target that is not configured, and names those that are', async (_, act) => {
    for (const ref of [{ service: 'shpo' }, { target: 'produktion' }, { service: 'shop', target: '' }]) {
      const { sentence, hint } = await refusalOf(asked(), () => act(asking({ ref })), 'target-unknown');
      expect(sentence).toContain(ref.service ?? ref.target);
      expect(hint).toContain('shop');
    }
  });

  it.each(acts.filter(([name]) => !ofAnyConfiguration.includes(name)))(
    '%s refuses a process that was started with another configuration than the controller',
    async (_, act) => {
      const { store } = flow.process().core;
      flow.process().lease();
      const digests = store.db.$client.prepare("UPDATE leases SET config_digest = ? WHERE name = 'driver'");
      store.note(() => digests.run('another'));
      try {
        const { sentence } = await refusalOf(asked(), () => act(asking()), 'config-changed');
        expect(sentence).toContain('process 1');
      } finally {
        store.note(() => digests.run(flow.settings.digest));
      }
    },
  );

  it.each(['approve', 'reject', 'promote', 'pause', 'resume', 'abort', 'extend'] as const)(
    '%s refuses a deployment that does not exist, and a name that is far too long',
    async (name) => {
      for (const id of ['d_nothing', 'x'.repeat(100_000), "'; DROP TABLE deployments; --"]) {
        const act = () => onEngine[name](asking({ deployment: id }));
        const { sentence } = await refusalOf(asked(), act, 'no-such-deployment');
        expect(sentence.length).toBeLessThan(100);
      }
    },
  );
});
