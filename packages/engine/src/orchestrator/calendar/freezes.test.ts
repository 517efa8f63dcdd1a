// A freeze refuses what begins, holds what runs before its next users, and never touches a way back.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Result } from '../../domain/refusal.ts';
import { alice, bob, type Flow } from '../../testing/flow.ts';
import { startFreezeFlow } from '../../testing/freeze-flow.ts';

const ci = { kind: 'machine', name: 'ci', door: 'webhook' } as const;
const codeOf = (answer: Result<unknown>): string => (answer.ok ? 'ok' : answer.refusal.code);
let flow: Flow;

async function start(...freeze: Parameters<typeof startFreezeFlow>): Promise<void> {
  flow = await startFreezeFlow(...freeze);
}
afterEach(() => flow.close());

describe('while a target is frozen', () => {
  beforeEach(() => start(-10, 60));

  it('a deployment is refused, with the time until which, and the refusal is in the audit log', () => {
    const answer = flow.people.deploy({ version: 'v2', actor: alice });
    expect(answer).toMatchObject({
      ok: false,
      refusal: {
        code: 'target-frozen',
        sentence: 'shop is frozen: the freeze sale lasts until 2026-12-01 13:00 UTC',
        hint: expect.stringContaining('--override-freeze --reason'),
      },
    });
    expect(flow.story().at(-1)).toBe(
      'refused: deploy v2: shop is frozen: the freeze sale lasts until 2026-12-01 13:00 UTC',
    );
  });

  it('the plan names the freeze among the gates', async () => {
    const plan = await flow.people.plan({ version: 'v2', actor: alice });
    expect(plan.ok && plan.value.gates.find(({ name }) => name === 'freeze')?.refusal?.code).toBe('target-frozen');
  });

  it('an approver deploys all the same with a reason, which is in the audit log, and it is not held', async () => {
    const request = { version: 'v2', actor: bob, overrideFreeze: true };
    expect(codeOf(flow.people.deploy(request))).toBe('reason-missing');
    expect(codeOf(flow.people.deploy({ ...request, actor: ci, reason: 'because' }))).toBe('target-frozen');
    const carol = { kind: 'person', id: 'carol', door: 'cli' } as const;
    expect(codeOf(flow.people.deploy({ ...request, actor: carol, reason: 'because' }))).toBe('not-approver');
    const answer = flow.people.deploy({ ...request, reason: 'the prices are wrong' });
    expect(codeOf(answer)).toBe('ok');
    expect(flow.story()).toContain('freeze-overridden: bob overrides the freeze sale: the prices are wrong');
    const view = await flow.finish(answer.ok ? answer.value.id : '');
    expect(view.outcome).toMatchObject({ kind: 'promoted' });
    expect(flow.actions()).not.toContain('freeze-holds');
  });

  it('a rollback is never refused', async () => {
    expect(codeOf(flow.people.rollback({ actor: alice, version: 'v3' }))).not.toBe('target-frozen');
    const forced = flow.people.deploy({ version: 'v2', actor: bob, overrideFreeze: true, reason: 'needed' });
    await flow.finish(forced.ok ? forced.value.id : '');
    const back = flow.people.rollback({ actor: alice });
    expect(codeOf(back)).toBe('ok');
    expect((await flow.finish(back.ok ? back.value.id : '')).outcome).toMatchObject({ kind: 'promoted' });
    expect(flow.slots()).toMatchObject({ blue: expect.stringContaining('v1 active') });
    expect(flow.actions()).not.toContain('freeze-holds');
  });
});

it('a freeze without an override lets nobody through', async () => {
  await start(-10, 60, ', override: nobody');
  const answer = flow.people.deploy({ version: 'v2', actor: bob, overrideFreeze: true, reason: 'because' });
  expect(codeOf(answer)).toBe('target-frozen');
});

describe('a freeze that begins during a deployment', () => {
  /** In the watch of 10 % when the freeze begins. */
  async function held(): Promise<string> {
    await start(1, 10);
    const id = flow.ask('v2');
    await flow.until(id, () => flow.actions().includes('freeze-holds'));
    return id;
  }

  it('holds it at the share that users have, with Continue and Abort, until it ends', async () => {
    const id = await held();
    expect(flow.view(id)).toMatchObject({ phase: 'shift-traffic', percent: 10, frozen: { names: ['sale'] } });
    expect(flow.view(id).actions.map(({ name }) => name)).toEqual(['continue', 'abort']);
    expect(await flow.wait(id, 5 * 60_000)).toMatchObject({ phase: 'shift-traffic', finishedAt: null });
    expect(flow.view(id).percent).toBe(10);
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
    expect(flow.actions().filter((each) => each === 'freeze-holds')).toHaveLength(1);
    expect(flow.clock.now()).toBeGreaterThan(Date.UTC(2026, 11, 1, 12, 10));
  });

  it('goes on with an override, for which a reason is needed', async () => {
    const id = await held();
    expect(codeOf(flow.people.continueFrozen({ id }, bob, ' '))).toBe('reason-missing');
    expect(codeOf(flow.people.continueFrozen({ id }, bob, 'it is nearly done'))).toBe('ok');
    expect(codeOf(flow.people.continueFrozen({ id }, bob, 'again'))).toBe('not-allowed-now');
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
    expect(flow.clock.now()).toBeLessThan(Date.UTC(2026, 11, 1, 12, 10));
  });

  it('is given up with abort, and users go back', async () => {
    const id = await held();
    expect(codeOf(flow.people.abort({ id }, alice))).toBe('ok');
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted' });
    expect(flow.balancers.story.at(-1)).toMatch(/^blue/);
  });

  it('does not hide that the new side is bad', async () => {
    const id = await held();
    flow.balancers.busy('green', { requests: 2_000, errors: 1_000 });
    expect((await flow.finish(id)).outcome).toMatchObject({ code: 'canary-failed' });
    expect(flow.clock.now()).toBeLessThan(Date.UTC(2026, 11, 1, 12, 10));
  });

  it('holds on when the process dies, and the next one continues to hold', async () => {
    const id = await held();
    flow.restart();
    expect(await flow.wait(id, 5 * 60_000)).toMatchObject({ phase: 'shift-traffic', finishedAt: null });
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
  });

  it('lets a bake finish', async () => {
    await start(3, 600);
    const id = flow.ask('v2');
    await flow.at(id, 'bake');
    flow.clock.jump(5 * 60_000);
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
    expect(flow.actions()).not.toContain('freeze-holds');
  });
});
