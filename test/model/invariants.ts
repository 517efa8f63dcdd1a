// What holds after every act, and what can be brought about from wherever a sequence has ended.

import { sameRouting } from '../../packages/engine/src/orchestrator/routing/drift.ts';
import { placeName } from '../../packages/engine/src/testing/fake-machine.ts';
import { actorOf } from './answering.ts';
import { follow } from './follow.ts';
import type { Model } from './model.ts';
import { heal } from './nature.ts';
import { followQueue, reconcile } from './queue.ts';
import type { System } from './system.ts';

const mostRows = 100_000;

/** Reads what was written since the last time. */
export function readOn(model: Model, { people, view }: System): void {
  const seen = {
    steps: (id: string) => people.deployment(id)?.steps.map(({ name }) => name) ?? [],
    versionIn: (slot: string) => view().slots.find((each) => each.slot === slot)?.version,
  };
  for (const row of people.audit.after(model.seq, mostRows)) {
    model.seq = row.seq;
    followQueue(model, row);
    follow(model, row, seen);
  }
  const waiting = people.waiting({});
  if (!waiting.ok) throw new Error(waiting.refusal.sentence);
  reconcile(model, waiting.value);
  model.faults.delete('overriding');
}

export function check(model: Model, system: System): void {
  const view = system.view();
  const active = view.slots.filter(({ role }) => role === 'active');
  const isSame = active.length === (model.active ? 1 : 0) && active[0]?.slot === model.active?.slot;
  demand(isSame, `active is ${active.map(({ slot }) => slot).join(' and ') || 'nothing'}, not ${model.active?.slot}`);
  demand(
    active[0]?.version === model.active?.version,
    `${active[0]?.version} is shown, ${model.active?.version} serves`,
  );
  demand(view.live?.id === model.live?.id, 'the deployment that runs is the one that was begun last');
  if (view.live?.direction === 'forward') {
    const names = view.live.actions.map(({ name }) => name);
    demand(names.includes('abort') || names.includes('rollback'), 'what runs can be given up');
  }
  const isLocked = model.lock !== undefined && system.clock.now() < model.lock.until;
  demand((view.lock !== undefined) === isLocked, 'the lock that is shown is the one that holds');
  demand((view.suspension !== undefined) === model.suspended, 'the suspension that is shown is the one that holds');
}

function demand(isSo: boolean, rule: string): void {
  if (!isSo) throw new Error(rule);
}

const quietSeconds = 40;

/** Faults end, people leave: whatever ran has ended, and users get what is said. Then a release is deployed again. */
export async function bringToRest(model: Model, system: System): Promise<void> {
  const { people, balancers } = system;
  heal(model, system);
  const pass = async (seconds: number) => {
    await system.pass(seconds * 1_000);
    readOn(model, system);
    check(model, system);
  };
  for (const { id, status } of model.requests.values())
    if (status === 'scheduled') demand(people.cancelWaiting(id, actorOf('alice')).ok, `${id} cannot be cancelled`);
  await pass(quietSeconds);
  await settleDrift(model, system);
  for (let rounds = 0; rounds < 24 && (model.live || hasQueued(model)); rounds += 1) {
    const id = model.live?.id;
    // Nobody is left who would decide: what waits for people can be given up, whatever it waits for.
    if (id !== undefined && !model.live?.unwinding && !model.live?.givenUp) {
      const answer = people.abort({ id }, actorOf('alice'));
      demand(answer.ok, `${id} cannot be given up: ${answer.ok ? '' : answer.refusal.sentence}`);
    }
    await pass(30);
    await settleDrift(model, system);
  }
  demand(model.live === undefined, `${model.live?.id} does not end: ${model.live?.mode} at ${model.live?.position}`);
  demand(!hasQueued(model), 'what waits for a free target begins, or ends with a reason');
  const { routing, drift } = system.view();
  const [node] = balancers.nodes;
  demand(drift === undefined, `drift is left: ${drift?.sentence}`);
  demand(node !== undefined && sameRouting(node.routing, routing), 'the load balancer does what is stored');
  demand(routing.active === model.active?.slot, 'users get the side that is said to be active');
  const { active } = model;
  const runs = active && system.environments.machine.instances.get(placeName(system.place(active.slot)));
  demand(
    runs?.release.version === active?.version,
    `${active?.version} is said to serve, ${runs?.release.version} does`,
  );
  const verified = people.audit.verify();
  demand(verified.intact, 'the audit chain is intact');
}

const hasQueued = ({ requests }: Model): boolean => [...requests.values()].some(({ status }) => status === 'queued');

/** One of the two ways out is always open to an approver. */
async function settleDrift(model: Model, system: System): Promise<void> {
  if (!model.drifted && system.view().drift === undefined) return;
  const request = { actor: actorOf('bob') };
  if (model.live) return;
  const restored = await system.people.restoreRouting(request);
  const answer = restored.ok ? restored : await system.people.adoptRouting(request);
  const isOver = system.view().drift === undefined;
  demand(answer.ok || isOver, `drift has no way out: ${answer.ok ? '' : answer.refusal.sentence}`);
  model.drifted = false;
  await system.pass(12_000);
  readOn(model, system);
}

/** The target can be used: a release goes live on it, with the approvals that it needs. */
export async function deployAgain(model: Model, system: System): Promise<void> {
  const { people, clock } = system;
  const hour = 3_600_000;
  const at = clock.now();
  // To Wednesday noon, where no freeze holds and no lock of the sequence is left.
  const intoWeek = (at - 4 * 24 * hour) % (7 * 24 * hour);
  await system.pass(((((2.5 * 24 * hour - intoWeek) % (7 * 24 * hour)) + 7 * 24 * hour) % (7 * 24 * hour)) + 24 * hour);
  readOn(model, system);
  if (model.lock) people.unlock({ actor: actorOf('bob'), of: model.lock.owner.slice('person:'.length) });
  readOn(model, system);
  const version = model.active?.version === 'v4' ? 'v3' : 'v4';
  const begun = people.deploy({ version, actor: actorOf('alice') });
  demand(begun.ok, `nothing can be deployed any more: ${begun.ok ? '' : begun.refusal.sentence}`);
  if (!begun.ok) return;
  const { id } = begun.value;
  for (let rounds = 0; rounds < 12 && people.deployment(id)?.outcome === undefined; rounds += 1) {
    await system.pass(6_000);
    if (people.deployment(id)?.approval?.status === 'pending')
      for (const name of ['bob', 'carol'] as const) people.approve({ id }, actorOf(name));
  }
  readOn(model, system);
  check(model, system);
  demand(model.active?.version === version, `${version} is not live: ${people.deployment(id)?.outcome?.sentence}`);
}
