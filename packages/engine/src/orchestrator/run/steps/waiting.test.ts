// Steps that wait for people or time: how long is measured by what was really watched, over restarts and pauses, and a
// decision is asked for once, and counts until the last moment.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { changeApproval, readApproval } from '../../../state/deployments.ts';
import { getSnapshot, progressKey } from '../../../state/snapshots.ts';
import { alice, bob, type Flow, startFlow } from '../../../testing/flow.ts';
import { write } from '../../../testing/schema-flow.ts';

let flow: Flow;
afterEach(() => flow.close());

async function started(options: string): Promise<Flow> {
  flow = await startFlow({ options });
  await flow.live('v1');
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  return flow;
}

const approval = (onTimeout: string) => `
    canary: [{ percent: 10, approval: true }]
    approval: { deadline: 10m, onTimeout: ${onTimeout} }
    bake: 1s`;
const position = (id: string) => flow.row(id).position;
const rowOf = (id: string) => readApproval(flow.process().core.store.db, id, position(id));
const asked = async (): Promise<string> => {
  const id = flow.ask('v2');
  await flow.until(id, () => flow.people.deployment(id)?.approval?.status === 'pending');
  return id;
};
const count = (action: string) => flow.actions().filter((each) => each === action).length;
const renewed = () => flow.story().filter((row) => row === 'approval-reminder: still waits for approval of v2').length;
const minute = 60_000;

describe('a step that ends by time', () => {
  it('ends when its time is over, and no tick of the watch later', async () => {
    await started(`
    canary: [{ percent: 10, watch: 1500ms }]
    bake: 2300ms`);
    const { steps } = await flow.finish(flow.ask('v2'));
    const lengthOf = (name: string) => {
      const step = steps.find((each) => each.name === name);
      return (step?.endedAt ?? 0) - (step?.startedAt ?? 0);
    };
    expect([lengthOf('watch'), lengthOf('bake')]).toEqual([1_500, 2_300]);
  });
});

describe('an approval', () => {
  it('is asked for once, though the process that asked dies right after', async () => {
    await started(approval('abort'));
    const id = flow.ask('v2');
    await flow.killWhen(id, () => count('approval-asked') === 1);
    const before = rowOf(id);
    flow.clock.advance(minute);
    flow.restart();
    await flow.wait(id, minute);
    expect(rowOf(id)).toEqual(before);
    expect(count('approval-asked')).toBe(1);
  });

  it('that expires is written by the process that sees it, and not twice when that dies', async () => {
    await started(approval('abort'));
    const id = await asked();
    await flow.killWhen(id, () => rowOf(id)?.status === 'expired');
    flow.restart();
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted', code: 'approval-expired' });
    expect(count('approval-expired')).toBe(1);
  });

  it('with `hold` reminds people once per deadline, and is given up after a day of that', async () => {
    await started(approval('hold'));
    const id = await asked();
    const { askedAt = 0 } = rowOf(id) ?? {};
    for (let reminder = 1; reminder <= 3; reminder += 1) {
      await flow.until(id, () => renewed() === reminder);
      expect(flow.clock.now() - askedAt).toBeGreaterThanOrEqual(reminder * 10 * minute);
      expect(flow.clock.now() - askedAt).toBeLessThan((reminder + 1) * 10 * minute);
    }
    flow.clock.jump(20 * 10 * minute);
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted', code: 'approval-expired' });
    expect(renewed()).toBeLessThanOrEqual(24);
    // The default reminder, 15 minutes before a deadline, is longer than this deadline.
    expect(count('approval-reminder')).toBe(renewed());
  });

  it('that is given at the moment of its deadline counts', async () => {
    await started(approval('abort'));
    const id = await asked();
    const { db } = flow.process().core.store;
    await flow.until(id, () => {
      const row = rowOf(id);
      // The last commit before the deadline is one of people: it is written when the step sees that the time is over.
      if (row?.status === 'pending' && flow.clock.now() >= row.deadlineAt - 1_000)
        write(flow, (tx) =>
          changeApproval(tx, row.id, { status: 'approved', decidedAt: tx.now, decidedBy: 'person:bob' }),
        );
      return readApproval(db, id, position(id))?.status === 'approved';
    });
    expect(flow.people.approve({ id }, bob)).toMatchObject({ ok: false });
  });

  it('is void for files that changed while it was waited for', async () => {
    await started(approval('abort'));
    const id = await asked();
    writeFileSync(join(flow.settings.targets[0]?.releasesFolder ?? '', 'v2', 'server.mjs'), 'changed');
    expect(flow.people.approve({ id }, bob)).toMatchObject({ ok: true });
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'failed', code: 'release-modified' });
    expect(flow.balancers.story).not.toContain('green');
  });

  it('that was withdrawn past the engine ends the deployment', async () => {
    await started(approval('abort'));
    const id = await asked();
    write(flow, (tx) => changeApproval(tx, rowOf(id)?.id ?? '', { status: 'cancelled', decidedAt: tx.now }));
    expect((await flow.finish(id)).outcome).toMatchObject({ code: 'approval-cancelled' });
  });
});

describe('a watch', () => {
  const options = `
    canary: [{ percent: 10, watch: 60s }]
    judge: { patience: 30s, atEnd: abort }
    bake: 1s`;
  const watched = (id: string) =>
    getSnapshot<number>(flow.process().core.store.db, progressKey(id, position(id)))?.value ?? 0;

  it('is gone on with by the next process from what was watched, and its absence does not count', async () => {
    await started(options);
    const id = flow.ask('v2');
    await flow.killWhen(id, () => flow.row(id).phase === 'watch' && watched(id) >= 0 && flow.clock.now() > 0);
    flow.restart();
    await flow.wait(id, 40_000);
    const before = watched(id);
    expect(before).toBeGreaterThan(30_000);
    flow.process().life.kill();
    flow.clock.advance(10 * minute);
    flow.restart();
    const began = flow.clock.monotonic();
    await flow.until(id, ({ phase }) => phase === 'promote');
    const took = flow.clock.monotonic() - began;
    expect(took).toBeGreaterThanOrEqual(60_000 - before - 1_000);
    expect(took).toBeLessThan(60_000);
  });

  it('of a machine that was suspended does not count the time in which nothing was checked', async () => {
    await started(options);
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    await flow.wait(id, 10_000);
    const before = watched(id);
    flow.clock.advance(30 * minute);
    await flow.wait(id, 5_000);
    expect(watched(id) - before).toBeLessThan(45_000);
    expect(flow.row(id).phase).toBe('watch');
  });

  it('that finds too few users is given up when its patience is over', async () => {
    await started(options);
    flow.balancers.busy('green', { requests: 2 });
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    const began = flow.clock.monotonic();
    expect((await flow.finish(id)).outcome).toMatchObject({ code: 'inconclusive' });
    expect(flow.clock.monotonic() - began).toBeGreaterThanOrEqual(88_000);
    expect(flow.clock.monotonic() - began).toBeLessThan(300_000);
  });

  it('without an answer of the balancer says so, and decides nothing by it', async () => {
    await started(options);
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    await flow.balancers.kill();
    await flow.wait(id, 5_000);
    expect(flow.view(id).observation?.judgement).toMatchObject({
      verdict: 'Error',
      sentence: expect.stringMatching(/^could not measure/),
    });
    await flow.process().target.balancer.ensure();
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
  });
});

describe('a hold', () => {
  it('lasts a day from its first start, whichever process holds it', async () => {
    await started('\n    canary: []\n    bake: 1s');
    const id = flow.ask('v2', { hold: true });
    await flow.at(id, 'hold');
    const began = flow.clock.now();
    flow.clock.jump(23 * 60 * minute);
    flow.restart();
    await flow.wait(id, 10_000);
    expect(flow.row(id)).toMatchObject({ phase: 'hold', finishedAt: null });
    flow.clock.jump(60 * minute);
    expect((await flow.finish(id)).outcome).toMatchObject({ code: 'hold-expired' });
    expect(flow.clock.now() - began).toBeLessThan(25 * 60 * minute);
  });

  it('ends with a side that crashes, before anybody has it', async () => {
    await started('\n    canary: []\n    bake: 1s');
    const id = flow.ask('v2', { hold: true });
    await flow.at(id, 'hold');
    await flow.environments.crash({ service: 'shop', target: 'production', slot: 'green' });
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'failed', code: 'side-crashed' });
    expect(flow.people.deploy({ version: 'v2', actor: alice })).toMatchObject({ ok: true });
  });
});
