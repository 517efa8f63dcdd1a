// The way back is a run of its own: it may be cut off in each of its steps too, and ends where it would have ended, or at
// a person. It is never run past what cannot be undone, and undoes nothing that was not done.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlueGreenError } from '../../lib/errors.ts';
import { advanceDeployment, readJournal } from '../../state/deployments.ts';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';
import { write } from '../../testing/schema-flow.ts';
import { nextMove } from './next-move.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow();
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
});
afterEach(() => flow.close());

const undone = (id: string) =>
  readJournal(flow.process().core.store.db, id)
    .filter(({ direction }) => direction === 'unwinding')
    .map(({ name, attempts, status }) => `${name} ${status} ${attempts}`);

/** All users had it for a moment, and it is given up. */
async function givenUpIn(step: string): Promise<string> {
  const id = flow.ask('v2');
  await flow.at(id, step);
  expect(flow.people.abort({ id }, alice, 'no')).toMatchObject({ ok: true });
  return id;
}

describe('what comes next', () => {
  const plan = { mode: 'deploy', schema: [], steps: [{ name: 'start-preview' }, { name: 'promote' }] } as const;
  it.each([
    [{ plan: null, position: 0, direction: 'forward', finishedAt: null }, { kind: 'plan' }],
    [{ plan: null, position: 0, direction: 'unwinding', finishedAt: null }, { kind: 'finish' }],
    [
      { plan, position: 1, direction: 'forward', finishedAt: null },
      { kind: 'run', step: plan.steps[1] },
    ],
    [{ plan, position: 2, direction: 'forward', finishedAt: null }, { kind: 'finish' }],
    [
      { plan, position: 0, direction: 'unwinding', finishedAt: null },
      { kind: 'undo', step: plan.steps[0] },
    ],
    [{ plan, position: -1, direction: 'unwinding', finishedAt: null }, { kind: 'finish' }],
    [{ plan, position: 0, direction: 'forward', finishedAt: 1 }, { kind: 'none' }],
  ] as const)('after %o is %o', (row, move) => {
    expect(nextMove(row)).toEqual(move);
  });
});

describe('a way back that is cut off', () => {
  it('after it has written that the failed side is kept writes it no second time', async () => {
    const seq = flow.lastSeq();
    const kept = () => flow.actions(seq).filter((action) => action === 'failed-side-kept');
    const id = await givenUpIn('watch');
    await flow.killWhen(id, () => kept().length > 0);
    flow.restart();
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted' });
    expect(kept()).toHaveLength(1);
  });

  it.each(['promote', 'shift-traffic', 'prove-preview', 'start-preview'])(
    'in %s is gone on with by the next process',
    async (step) => {
      const changed = flow.balancers.story.length;
      const id = await givenUpIn('bake');
      await flow.killWhen(id, ({ direction, phase }) => direction === 'unwinding' && phase === step);
      flow.restart();
      expect((await flow.finish(id)).outcome).toMatchObject({
        kind: 'rolled-back',
        code: 'given-up',
        actor: 'person:alice',
      });
      expect(undone(id)).toContain(`${step} done 2`);
      expect(undone(id).filter((row) => !row.endsWith('done 1'))).toHaveLength(1);
      expect(flow.slots()).toEqual({ blue: 'v1 active', green: 'v2 preview (failed)' });
      // Users see each change once, as without the kill.
      expect(flow.balancers.story.slice(changed)).toEqual([
        ...['blue, preview green', 'blue + 10 % green, preview green', 'green', 'blue'],
      ]);
      expect(flow.environments.story).toEqual(['start v1 in blue', 'start v2 in green']);
    },
  );

  it('by a process that stops while the balancer refuses needs no person: the next one tries again', async () => {
    const id = await givenUpIn('watch');
    flow.balancers.refuse(new BlueGreenError('balancer-unreachable', 'no answer'));
    await flow.until(id, () => {
      const tries = flow.story().filter((row) => row === 'routing-intended: all users back to v1').length;
      if (tries === 2) flow.process().stop();
      return tries === 2;
    });
    flow.restart();
    expect(flow.row(id)).toMatchObject({ direction: 'unwinding', finishedAt: null });
    flow.balancers.refuse();
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted', code: 'given-up' });
  });

  it('keeps its first reason, whatever fails later', async () => {
    const id = await givenUpIn('watch');
    flow.balancers.refuse(new BlueGreenError('balancer-unreachable', 'no answer'));
    const { outcome } = await flow.finish(id);
    expect(outcome).toMatchObject({ kind: 'halted', code: 'undo-failed' });
    expect(outcome?.sentence).toBe('aborted by alice: no; shift-traffic could not be undone: no answer');
    expect(undone(id)).toEqual(['shift-traffic started 1']);
  });

  it('waits longer before each try', async () => {
    const tries: number[] = [];
    const id = await givenUpIn('watch');
    flow.balancers.refuse(new BlueGreenError('balancer-unreachable', 'no answer'));
    await flow.until(id, () => {
      const count = flow.story().filter((row) => row === 'routing-intended: all users back to v1').length;
      if (count > tries.length) tries.push(flow.clock.monotonic());
      return false;
    });
    expect(tries.slice(1).map((at, index) => at - (tries[index] ?? 0))).toEqual([1_000, 2_000, 3_000, 4_000]);
  });
});

describe('what is undone', () => {
  it('is only what was begun, the last one first', async () => {
    const id = flow.ask('v2');
    await flow.killWhen(id, ({ phase }) => phase === 'check-health');
    flow.people.abort({ id }, alice);
    flow.restart();
    await flow.finish(id);
    expect(flow.story().filter((row) => /^(undo|step-undone|step-passed)/.test(row))).toEqual([
      'step-passed: check-health: nothing to undo',
      'undo-started: start-preview',
      expect.stringMatching(/^step-undone: start-preview: v2 is left in green to be looked at until/),
      'step-passed: expand-schema: nothing to undo',
    ]);
  });

  it('of a first deployment leaves users nowhere, as it found them', async () => {
    await flow.close();
    flow = await startFlow();
    flow.balancers.busy('blue', { requests: 1_000 });
    const id = flow.ask('v1');
    await flow.at(id, 'bake');
    flow.people.abort({ id }, alice);
    expect((await flow.finish(id)).outcome?.kind).toBe('rolled-back');
    expect(flow.balancers.nodes[0]?.routing).toMatchObject({
      active: undefined,
      canary: undefined,
      preview: undefined,
    });
    expect(flow.slots()).toEqual({ blue: 'v1 preview (failed)', green: 'idle' });
  });

  it('of a promote starts the old side again when it has ended meanwhile, before users come', async () => {
    const id = await flow.ask('v2');
    await flow.at(id, 'bake');
    await flow.environments.crash({ service: 'shop', target: 'production', slot: 'blue' });
    flow.people.abort({ id }, alice);
    await flow.finish(id);
    expect(flow.environments.story.at(-1)).toBe('start v1 in blue');
    const at = (row: string) => flow.story().findIndex((each) => each.startsWith(row));
    expect(flow.balancers.nodes[0]?.routing.active).toBe('blue');
    expect(at('routing-applied: all users back to v1')).toBeGreaterThan(at('undo-started: promote'));
  });

  it('of a promote is done though the old side cannot be started, five times and then by a person', async () => {
    const id = await flow.ask('v2');
    await flow.at(id, 'bake');
    await flow.environments.crash({ service: 'shop', target: 'production', slot: 'blue' });
    flow.environments.machine.behave('v1', { endsAtOnce: { exit: 'exit code 2', lines: [] } });
    flow.people.abort({ id }, alice);
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'halted', code: 'undo-failed' });
    // Users are not sent to a process that is gone.
    expect(flow.balancers.nodes[0]?.routing.active).toBe('green');
    expect(flow.environments.story.filter((act) => act === 'start v1 in blue')).toHaveLength(6);
  });
});

describe('a plan of another version of this program', () => {
  it.each(['forward', 'unwinding'] as const)(
    'with a step that this one does not know is left to that (%s)',
    async (direction) => {
      const id = flow.ask('v2');
      await flow.killWhen(id, ({ phase }) => phase === 'watch');
      const { run } = flow.restart();
      const steps = flow.row(id).plan?.steps.map((step) => (step.name === 'watch' ? { name: 'stare' } : step)) ?? [];
      write(flow, (tx) => advanceDeployment(tx, id, { direction, plan: { mode: 'deploy', schema: [], steps } }));
      await expect(run(id)).rejects.toThrow('this version knows no step "stare"');
      expect(flow.row(id)).toMatchObject({ finishedAt: null, direction });
      expect(flow.balancers.nodes[0]?.routing).toMatchObject({ active: 'blue', canary: { percent: 10 } });
    },
  );
});
