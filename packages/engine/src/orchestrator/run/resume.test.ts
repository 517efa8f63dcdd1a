// A process may be killed in any step, and between any two rows that it writes. Another continues from what is written:
// it does nothing twice that users or releases would notice, and reaches the same end.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readJournal } from '../../state/deployments.ts';
import { readRouting } from '../../state/targets.ts';
import { alice, bob, type Flow, startFlow } from '../../testing/flow.ts';

/** Every kind of step that a deployment has. */
const everyStep = `
    canary: [{ percent: 10, watch: 2s }, { percent: 10, approval: true }, { percent: 50, watch: 2s }]
    bake: 2s`;
const steps = [
  'expand-schema',
  'start-preview',
  'check-health',
  'smoke-test',
  'prove-preview',
  'hold',
  'shift-traffic',
  'watch',
  'await-approval',
  'promote',
  'verify-live',
  'bake',
];

/** One for each state that users and the slot may be in then. */
const kinds = ['expand-schema', 'start-preview', 'prove-preview', 'watch', 'promote', 'bake'];

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow({ options: everyStep });
  await flow.live('v1');
  flow.balancers.busy('green', { requests: 1_000 });
  flow.balancers.busy('blue', { requests: 1_000 });
});
afterEach(() => flow.close());

const attemptsIn = (id: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    readJournal(flow.process().core.store.db, id).map(({ name, position, attempts }) => [
      `${position} ${name}`,
      attempts,
    ]),
  );

const forward = [
  'blue, preview green',
  'blue + 10 % green, preview green',
  'blue + 50 % green, preview green',
  'green',
];

describe('a process that is killed in a step', () => {
  it.each(steps)('leaves %s to the next one, which begins it again and reaches the same end', async (step) => {
    const [routed, started] = [flow.balancers.story.length, flow.environments.story.length];
    const id = flow.ask('v2', { hold: true });
    await killIn(id, step);
    const { position } = flow.row(id);
    flow.restart();
    const view = await flow.finishWithPeople(id);
    expect(view.outcome).toMatchObject({ kind: 'promoted', code: 'deploy' });
    expect(flow.slots()).toEqual({ blue: 'v1 standby', green: 'v2 active' });
    expect(attemptsIn(id)[`${position} ${step}`]).toBe(2);
    expect(Math.max(...Object.values({ ...attemptsIn(id), [`${position} ${step}`]: 1 }))).toBe(1);
    // What the world has seen is what it sees without a kill.
    expect(flow.environments.story.slice(started)).toEqual(['start v2 in green']);
    expect(flow.balancers.story.slice(routed)).toEqual(forward);
    expect(flow.story()).toContain(`step-started: ${step}, again`);
  });

  it.each(kinds)('leaves %s to the next one, which reverts it when a person gives it up meanwhile', async (step) => {
    const id = flow.ask('v2', { hold: true });
    await killIn(id, step);
    expect(flow.people.abort({ id }, alice, 'wrong version')).toMatchObject({ ok: true });
    flow.restart();
    const view = await flow.finishWithPeople(id);
    const isPromoted = steps.indexOf(step) > steps.indexOf('promote');
    expect(view.outcome).toMatchObject({
      kind: isPromoted ? 'rolled-back' : 'aborted',
      code: 'given-up',
      actor: 'person:alice',
    });
    expect(flow.slots().blue).toBe('v1 active');
    expect(flow.slots().green).toBe(leftAt(step));
    expect(readRouting(flow.process().core.store.db, flow.process().target.key)).toMatchObject({
      intent: { active: 'blue', canary: undefined, preview: undefined },
      confirmed: true,
    });
    expect(flow.balancers.nodes[0]?.routing).toMatchObject({ active: 'blue', canary: undefined, preview: undefined });
  });
});

/** A step that never ran again has left nothing in the slot. */
function leftAt(step: string): string {
  if (steps.indexOf(step) <= steps.indexOf('start-preview')) return 'idle';
  return steps.indexOf(step) > steps.indexOf('promote') ? 'v2 preview (failed)' : 'v2 preview (aborted)';
}

/** The process dies with the write by which the step begins. */
async function killIn(id: string, step: string): Promise<void> {
  for (const people of ['hold', 'await-approval']) {
    if (steps.indexOf(people) >= steps.indexOf(step)) break;
    await flow.at(id, people);
    const answer = people === 'hold' ? flow.people.promote({ id }, alice) : flow.people.approve({ id }, bob);
    expect(answer).toMatchObject({ ok: true });
  }
  await flow.killWhen(id, ({ phase }) => phase === step);
}
