// While the way back is taken, users get answers of the side that is to be left. Each write waits for the disk, and each
// question to a side waits for its answer: before the load balancer changes, there are as few of both as the journal allows.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readStep } from '../../state/deployments.ts';
import { readRouting } from '../../state/targets.ts';
import { bob, type Flow, shortPlan, startFlow } from '../../testing/flow.ts';

const intervalMs = 60_000;

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow({ options: `${shortPlan}\n    health: { interval: 1m }` });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
});
afterEach(() => flow.close());

function rollBack(): string {
  const answer = flow.people.rollback({ actor: bob, reason: 'errors' });
  if (!answer.ok) throw new Error(`${answer.refusal.code}: ${answer.refusal.sentence}`);
  return answer.value.id;
}

const standby = { service: 'shop', target: 'production', slot: 'blue' } as const;
const routing = () => readRouting(flow.process().core.store.db, flow.process().target.key);
const stateOf = (id: string, position: number) =>
  readStep(flow.process().core.store.db, { deploymentId: id, position, direction: 'forward' });

/** How often the standby is asked for its health from now on. */
function countQuestions(): () => number {
  let asked = 0;
  const { server } = flow.environments.machine.instances.get('shop/production/blue') ?? {};
  if (!server) throw new Error('nothing runs in blue');
  server.on('request', ({ url }) => {
    if (url === '/health') asked += 1;
  });
  return () => asked;
}

/** The process dies right after its write of this number, and before it calls the load balancer. */
async function runUntilWrite(id: string, write: number): Promise<void> {
  flow.process().life.dieAt(write, 'after');
  await flow.finish(id);
  expect(flow.process().life.isDead()).toBe(true);
}

describe('a rollback to the standby', () => {
  it('intends the routing with its third write, and asks the standby once', async () => {
    const asked = countQuestions();
    const id = rollBack();
    await runUntilWrite(id, 3);
    expect(routing()).toMatchObject({ intent: { active: 'blue' }, confirmed: false });
    expect(flow.story().slice(-4)).toEqual([
      'step-started: ready-standby',
      'step-done: ready-standby: v1 in blue is healthy',
      'step-started: promote',
      'routing-intended: all users to v1',
    ]);
    expect(asked()).toBe(1);
    flow.restart();
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
  });

  it('begins no step again where the process dies between the two rows of one write', async () => {
    const id = rollBack();
    flow.process().life.dieAt(2, 'before');
    await flow.finish(id);
    expect([stateOf(id, 0)?.status, stateOf(id, 1)]).toEqual(['started', undefined]);
    flow.restart();
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
    expect([stateOf(id, 0)?.attempts, stateOf(id, 1)?.attempts]).toEqual([2, 1]);
  });

  it('whose next process comes later than the interval asks the standby again, and does not move users to an ill one', async () => {
    const id = rollBack();
    await runUntilWrite(id, 2);
    expect(flow.row(id).phase).toBe('promote');
    flow.clock.advance(intervalMs);
    flow.environments.machine.sicken(standby);
    flow.restart();
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'failed', code: 'side-unhealthy' });
    expect(flow.slots().green).toBe('v2 active');
  });

  it('whose next process comes sooner believes the answer', async () => {
    const id = rollBack();
    await runUntilWrite(id, 2);
    const asked = countQuestions();
    flow.restart();
    await runUntilWrite(id, 2);
    expect([routing().intent.active, asked()]).toEqual(['blue', 0]);
  });
});

describe('a switch', () => {
  it('asks the side, since no step before has', async () => {
    const asked = countQuestions();
    const answer = flow.people.switch({ actor: bob, to: 'blue' });
    if (!answer.ok) throw new Error(answer.refusal.sentence);
    await runUntilWrite(answer.value.id, 2);
    expect([routing().intent.active, asked()]).toEqual(['blue', 1]);
  });
});

describe('a deployment that is taken back after all users were moved', () => {
  it('intends the routing with its second write', async () => {
    const id = flow.ask('v3');
    await flow.at(id, 'bake');
    expect(flow.people.rollback({ actor: bob, reason: 'alarms' })).toMatchObject({ ok: true, value: { id } });
    await runUntilWrite(id, 2);
    expect(routing()).toMatchObject({ intent: { active: 'green' }, confirmed: false });
    expect(flow.actions().slice(-5)).toEqual([
      'turned-back',
      'step-passed',
      'step-passed',
      'undo-started',
      'routing-intended',
    ]);
    flow.restart();
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'rolled-back', code: 'given-up' });
    expect(flow.slots().green).toBe('v2 active');
  });
});
