// `onTimeout: rollback`: at the deadline users get the release before again, wherever the approval is asked for; once,
// also when a process dies or the clock is set meanwhile.

import { afterEach, describe, expect, it } from 'vitest';
import { readApproval } from '../../../state/deployments.ts';
import { readQuarantine } from '../../../state/targets.ts';
import { alice, bob, type Flow, startFlow } from '../../../testing/flow.ts';

let flow: Flow;
afterEach(() => flow.close());

const minute = 60_000;

async function waiting(canary: string, more: string): Promise<string> {
  flow = await startFlow({
    options: `
    canary: ${canary}
    approval: { deadline: 10m, onTimeout: rollback${more} }
    bake: 1s`,
  });
  await flow.live('v1');
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  const id = flow.ask('v2');
  await flow.until(id, () => flow.people.deployment(id)?.approval?.status === 'pending');
  return id;
}

const atCanary = () => waiting('[{ percent: 10, approval: true }]', '');
const afterPromotion = () => waiting('[]', ', afterPromotion: true');
const rowOf = (id: string) => readApproval(flow.process().core.store.db, id, flow.row(id).position);
const count = (action: string) => flow.actions().filter((each) => each === action).length;
const live = () => flow.people.status().targets[0]?.slots.find(({ role }) => role === 'active')?.version;

describe('at a share of the canary', () => {
  it('gives the release up as `abort` does', async () => {
    const id = await atCanary();
    expect(rowOf(id)?.onTimeout).toBe('rollback');
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted', code: 'approval-expired' });
    expect([live(), count('approval-expired')]).toEqual(['v1', 1]);
    expect(flow.people.approve({ id }, bob)).toMatchObject({ ok: false, refusal: { code: 'already-decided' } });
  });

  it('is written once by the process that sees it, though that dies and the clock is set back', async () => {
    const id = await atCanary();
    await flow.killWhen(id, () => rowOf(id)?.status === 'expired');
    flow.clock.jump(-60 * minute);
    flow.restart();
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted', code: 'approval-expired' });
    expect([live(), count('approval-expired'), count('deployment-finished')]).toEqual(['v1', 1, 2]);
  });
});

describe('after the promotion', () => {
  it('keeps a release that is approved, and ends as promoted', async () => {
    const id = await afterPromotion();
    expect([live(), flow.view(id).percent]).toEqual(['v2', 100]);
    expect(flow.view(id).actions.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['approve', 'reject', 'extend', 'rollback']),
    );
    expect(flow.people.approve({ id }, bob)).toMatchObject({ ok: true });
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
    expect(live()).toBe('v2');
  });

  it('takes it back at the deadline, as a rollback that marks nothing bad', async () => {
    const id = await afterPromotion();
    const askedAt = flow.clock.now();
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'rolled-back', code: 'approval-expired' });
    expect(flow.clock.now() - askedAt).toBeGreaterThanOrEqual(9 * minute);
    expect([live(), count('approval-expired')]).toEqual(['v1', 1]);
    const { digest } = flow.row(id);
    expect(readQuarantine(flow.process().core.store.db, digest ?? '')).toBeUndefined();
  });

  it('takes it back once, though the process dies right then and the clock is set forward', async () => {
    const id = await afterPromotion();
    await flow.killWhen(id, () => rowOf(id)?.status === 'expired');
    flow.clock.jump(25 * 60 * minute);
    flow.restart();
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'rolled-back', code: 'approval-expired' });
    expect([live(), count('approval-expired'), count('deployment-finished')]).toEqual(['v1', 1, 2]);
  });

  it('marks it bad where a person rejects it', async () => {
    const id = await afterPromotion();
    expect(flow.people.reject({ id }, alice, 'prices are wrong')).toMatchObject({ ok: true });
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'rolled-back', code: 'rejected' });
    expect(readQuarantine(flow.process().core.store.db, flow.row(id).digest ?? '')?.reason).toContain(
      'prices are wrong',
    );
  });

  it('is no reason to refuse to move all users at once', async () => {
    flow = await startFlow({
      options: `
    canary: [{ percent: 10, watch: 10m }]
    approval: { count: 2, onTimeout: rollback, afterPromotion: true }
    bake: 1s`,
    });
    await flow.live('v1');
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    expect(flow.people.promote({ id }, bob, { full: true })).toMatchObject({ ok: true });
    await flow.until(id, () => flow.people.deployment(id)?.approval?.status === 'pending');
    expect(live()).toBe('v2');
  });
});
