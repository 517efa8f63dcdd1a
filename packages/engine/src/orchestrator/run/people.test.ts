// Signals of people to a running deployment, in each step: each is accepted where it is legal, refused where it is not,
// and its consequences are written with it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActionName } from '../../api/deployment.ts';
import type { Result } from '../../domain/refusal.ts';
import { pendingAbort, pendingPromote, readJournal } from '../../state/deployments.ts';
import { alice, bob, type Flow, startFlow } from '../../testing/flow.ts';

const options = `
    canary: [{ percent: 10, watch: 60s }, { percent: 10, approval: true }, { percent: 50, watch: 60s }]
    approval: { deadline: 5m }
    bake: 60s`;

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow({ options });
  await flow.live('v1');
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
});
afterEach(() => flow.close());

const codeOf = (answer: Result<unknown>): string => (answer.ok ? 'ok' : answer.refusal.code);
const skipped = (id: string): readonly string[] =>
  readJournal(flow.process().core.store.db, id).flatMap(({ name, status }) => (status === 'skipped' ? [name] : []));
const shares = () => flow.balancers.story.map((routing) => routing.replace(/, preview.*/, ''));

/** A step that does not wait is met in the moment in which it begins. */
async function deploymentIn(step: string): Promise<string> {
  const id = flow.ask('v2', { hold: true });
  for (const people of ['hold', 'await-approval']) {
    if (order.indexOf(people) >= order.indexOf(step)) break;
    await flow.at(id, people);
    expect(codeOf(people === 'hold' ? flow.people.promote({ id }, alice) : flow.people.approve({ id }, bob))).toBe(
      'ok',
    );
  }
  await flow.killWhen(id, ({ phase }) => phase === step);
  return id;
}

const order = [
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

describe('in each step', () => {
  const legal: Readonly<Record<string, readonly ActionName[]>> = {
    hold: ['promote', 'promote-full', 'pause', 'abort'],
    watch: ['promote', 'promote-full', 'pause', 'abort'],
    'await-approval': ['pause', 'abort'],
    'verify-live': ['pause', 'rollback'],
    bake: ['pause', 'rollback'],
  };

  it.each(order)('%s names what is legal, and the verbs agree', async (step) => {
    const id = await deploymentIn(step);
    const { actions } = flow.view(id);
    // The question of an approval is written by its step a moment later.
    expect(actions.map(({ name }) => name)).toEqual(legal[step] ?? ['pause', 'abort']);
    const canPromote = actions.some(({ name }) => name === 'promote');
    const answer = flow.people.promote({ id }, bob);
    expect(codeOf(answer)).toBe(canPromote ? 'ok' : 'not-allowed-now');
    expect(codeOf(flow.people.pause({ id }, alice))).toBe('ok');
    expect(flow.view(id).actions.map(({ name }) => name)).toEqual(['resume', legal[step]?.at(-1) ?? 'abort']);
    expect(codeOf(flow.people.pause({ id }, alice))).toBe('already-decided');
    expect(codeOf(flow.people.resume({ id }, alice))).toBe('ok');
    expect(codeOf(flow.people.abort({ id }, alice))).toBe('ok');
    expect(codeOf(flow.people.abort({ id }, bob))).toBe('already-decided');
  });
});

describe('promote', () => {
  it('ends a watch at once, and the next share follows', async () => {
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    const began = flow.clock.monotonic();
    expect(codeOf(flow.people.promote({ id }, bob))).toBe('ok');
    await flow.at(id, 'await-approval');
    expect(flow.clock.monotonic() - began).toBeLessThan(10_000);
    expect(flow.story()).toContain('signal-taken: bob moved it on (promote)');
  });

  it('--full skips the rest of the canary, and takes effect once', async () => {
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    expect(codeOf(flow.people.promote({ id }, bob, { full: true }))).toBe('ok');
    const { outcome } = await flow.finish(id);
    expect(outcome).toMatchObject({ kind: 'promoted' });
    expect(skipped(id)).toEqual(['await-approval', 'shift-traffic', 'watch']);
    expect(shares().slice(-2)).toEqual(['blue + 10 % green', 'green']);
    expect(flow.actions().filter((each) => each === 'signal-taken')).toHaveLength(1);
  });

  it('--full leaves nothing of what it skipped to be undone', async () => {
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    expect(codeOf(flow.people.promote({ id }, bob, { full: true }))).toBe('ok');
    await flow.at(id, 'bake');
    expect(codeOf(flow.people.abort({ id }, alice))).toBe('ok');
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'rolled-back' });
    const ofShifts = flow.story().filter((row) => /^step-(undone|passed): shift-traffic/.test(row));
    expect(ofShifts).toEqual([
      'step-passed: shift-traffic: nothing to undo',
      'step-undone: shift-traffic: all users get v1 again',
    ]);
    const { db } = flow.process().core.store;
    expect([pendingAbort(db, id), pendingPromote(db, id, 6)]).toEqual([undefined, undefined]);
  });

  it.each(['count: 2', 'minimumWait: 1m'])('--full does not skip an approval that needs %s', async (rule) => {
    await flow.close();
    flow = await startFlow({ options: options.replace('deadline: 5m', `deadline: 5m, ${rule}`) });
    await flow.live('v1');
    for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
    const id = await deploymentIn('hold');
    const names = () => flow.view(id).actions.map(({ name }) => name);
    expect(codeOf(flow.people.promote({ id }, bob, { full: true }))).toBe('approvals-needed');
    expect(names()).toEqual(['promote', 'pause', 'abort']);
    expect(codeOf(flow.people.promote({ id }, bob))).toBe('ok');
    flow.restart();
    await flow.at(id, 'watch');
    expect(codeOf(flow.people.promote({ id }, bob, { full: true }))).toBe('approvals-needed');
    expect(names()).toEqual(['promote', 'pause', 'abort']);
    expect(codeOf(flow.people.promote({ id }, bob))).toBe('ok');
    await flow.at(id, 'await-approval');
  });

  it('--full on an approval is a vote, and the last vote skips the rest', async () => {
    const id = flow.ask('v2');
    await flow.until(id, () => flow.people.deployment(id)?.approval?.status === 'pending');
    expect(codeOf(flow.people.promote({ id }, alice, { full: true }))).toBe('four-eyes');
    expect(codeOf(flow.people.promote({ id }, bob, { full: true }))).toBe('ok');
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
    expect(skipped(id)).toEqual(['shift-traffic', 'watch']);
    expect(flow.view(id).approvedBy).toEqual(['person:bob']);
  });

  it('of a hold by its requester is enough for the checks that follow, and not for all users', async () => {
    const id = flow.ask('v2', { hold: true });
    await flow.at(id, 'hold');
    expect(codeOf(flow.people.promote({ id }, alice, { full: true }))).toBe('four-eyes');
    expect(codeOf(flow.people.promote({ id }, alice))).toBe('ok');
    expect((await flow.at(id, 'watch')).phase).toBe('watch');
  });

  it('that was written before the process died is taken by the next one, once', async () => {
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    flow.process().life.kill();
    expect(codeOf(flow.people.promote({ id }, bob))).toBe('ok');
    flow.restart();
    expect((await flow.finishWithPeople(id)).outcome).toMatchObject({ kind: 'promoted' });
    expect(flow.actions().filter((each) => each === 'signal-taken')).toHaveLength(1);
  });
});

/** On the way there, what people are asked is answered. */
async function passTo(id: string, step: string): Promise<void> {
  await flow.until(id, ({ phase }) => phase === step || flow.people.deployment(id)?.approval?.status === 'pending');
  if (flow.row(id).phase === step) return;
  expect(codeOf(flow.people.approve({ id }, bob))).toBe('ok');
  await flow.at(id, step);
}

describe('a pause', () => {
  it.each(['watch', 'bake'])('stops the time of the %s, and the side is watched all the same', async (step) => {
    const id = flow.ask('v2');
    await passTo(id, step);
    expect(codeOf(flow.people.pause({ id }, alice))).toBe('ok');
    expect(await flow.wait(id, 120_000)).toMatchObject({ phase: step, finishedAt: null });
    flow.balancers.busy('green', { requests: 2_000, errors: 1_000 });
    expect((await flow.finish(id)).outcome).toMatchObject({ code: 'canary-failed' });
  });

  it('before a step that moves users keeps the share that they have, until it is resumed', async () => {
    const id = flow.ask('v2');
    await flow.until(id, ({ phase }) => {
      if (phase === 'shift-traffic' && flow.row(id).pausedAt === null) flow.people.pause({ id }, alice);
      return phase === 'shift-traffic';
    });
    expect(await flow.wait(id, 120_000)).toMatchObject({ phase: 'shift-traffic' });
    expect(shares().at(-1)).toBe('blue');
    expect(codeOf(flow.people.resume({ id }, bob))).toBe('ok');
    await flow.at(id, 'watch');
    expect(shares().at(-1)).toBe('blue + 10 % green');
  });

  it('does not hold up the steps that prepare', async () => {
    const id = flow.ask('v2');
    await flow.until(id, ({ phase }) => phase === 'start-preview');
    flow.people.pause({ id }, alice);
    expect(await flow.wait(id, 120_000)).toMatchObject({ phase: 'shift-traffic' });
    expect(codeOf(flow.people.abort({ id }, alice))).toBe('ok');
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted' });
  });

  it('gives an approval the time back that it took', async () => {
    const id = flow.ask('v2');
    await flow.until(id, () => flow.people.deployment(id)?.approval?.status === 'pending');
    const before = flow.view(id).approval?.deadlineAt ?? 0;
    expect(codeOf(flow.people.pause({ id }, alice))).toBe('ok');
    flow.clock.jump(590_000);
    await flow.wait(id, 10_000);
    expect(flow.view(id).approval?.status).toBe('pending');
    expect(codeOf(flow.people.resume({ id }, alice))).toBe('ok');
    const given = (flow.view(id).approval?.deadlineAt ?? 0) - before;
    expect(given).toBeGreaterThanOrEqual(600_000);
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted', code: 'approval-expired' });
  });
});

describe('an approval', () => {
  it('that is rejected reverts the release, with reason and person', async () => {
    const id = flow.ask('v2');
    await flow.until(id, () => flow.people.deployment(id)?.approval?.status === 'pending');
    expect(codeOf(flow.people.reject({ id }, bob, 'slow pages'))).toBe('ok');
    expect((await flow.finish(id)).outcome).toMatchObject({
      kind: 'aborted',
      code: 'rejected',
      actor: 'person:bob',
      sentence: 'rejected by bob: slow pages',
    });
    expect(flow.slots()).toEqual({ blue: 'v1 active', green: 'v2 preview (aborted)' });
  });

  it('that is not given in time is given up, and not one moment earlier', async () => {
    const id = flow.ask('v2');
    await flow.until(id, () => flow.people.deployment(id)?.approval?.status === 'pending');
    const { deadlineAt = 0, askedAt = 0 } = flow.view(id).approval ?? {};
    expect(deadlineAt - askedAt).toBe(300_000);
    await flow.wait(id, deadlineAt - flow.clock.now() - 1_500);
    expect(flow.view(id).approval?.status).toBe('pending');
    expect(codeOf(flow.people.extend({ id }, bob))).toBe('ok');
    flow.clock.jump(29 * 60_000);
    await flow.wait(id, 10_000);
    const { status, deadlineAt: extended = 0 } = flow.view(id).approval ?? {};
    expect(status).toBe('pending');
    const { outcome } = await flow.finish(id);
    expect(outcome).toMatchObject({ kind: 'aborted', code: 'approval-expired' });
    expect((outcome?.at ?? 0) - extended).toBeGreaterThanOrEqual(0);
    expect((outcome?.at ?? 0) - extended).toBeLessThan(10_000);
  });

  it('that was given while there was no controller is taken by the next process', async () => {
    const id = flow.ask('v2');
    await flow.until(id, () => flow.people.deployment(id)?.approval?.status === 'pending');
    flow.process().life.kill();
    expect(codeOf(flow.people.approve({ id }, bob))).toBe('ok');
    flow.restart();
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
  });

  it('is watched while it waits: a side that crashes is reverted', async () => {
    const id = flow.ask('v2');
    await flow.until(id, () => flow.people.deployment(id)?.approval?.status === 'pending');
    await flow.environments.crash({ service: 'shop', target: 'production', slot: 'green' });
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'failed', code: 'side-crashed' });
    expect(flow.view(id).approval).toMatchObject({ status: 'cancelled' });
  });
});

describe('a hold', () => {
  it('that is not promoted is given up after a day', async () => {
    const id = flow.ask('v2', { hold: true });
    await flow.at(id, 'hold');
    flow.clock.jump(24 * 3_600_000 - 60_000);
    expect(await flow.wait(id, 50_000)).toMatchObject({ phase: 'hold', finishedAt: null });
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted', code: 'hold-expired' });
    expect(shares().at(-1)).toBe('blue');
  });
});
