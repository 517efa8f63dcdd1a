// Starting a release takes a slot from another: only one that serves nobody, only once its requests have ended, and never
// so that a kill in between leaves a process without an owner or a slot without its old release.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimKey, getSnapshot } from '../../../state/snapshots.ts';
import { readSlot, setSlot } from '../../../state/targets.ts';
import { shop } from '../../../state/testing/state.ts';
import { alice, type Flow, startFlow } from '../../../testing/flow.ts';
import { write } from '../../../testing/schema-flow.ts';
import type { Target } from '../../core.ts';
import { drained, readOpen } from './drained.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow({ target: '        drain: { limit: 10s }' });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
});
afterEach(() => flow.close());

const never = new AbortController().signal;
const starts = () => flow.environments.story.filter((act) => act.startsWith('start'));
const blue = () => readSlot(flow.process().core.store.db, shop, 'blue');

describe('a slot is drained before it is taken', () => {
  const drain = async (change: Partial<Target> = {}, signal = never) => {
    const { core, target, lease } = flow.process();
    const began = flow.clock.monotonic();
    const before = flow.lastSeq();
    const draining = { core, target: { ...target, ...change }, lease: lease(), signal };
    await flow.passing(drained(draining, 'blue'));
    return { tookMs: flow.clock.monotonic() - began, story: flow.story(before) };
  };
  const uncounted = ({ balancer }: Target): Partial<Target> => ({ balancer: { ...balancer, counts: undefined } });

  it('at once when nothing is open', async () => {
    expect(await drain()).toEqual({ tookMs: 0, story: [] });
  });

  it('for as long as requests are open, and no longer', async () => {
    flow.balancers.busy('blue', { open: 3 });
    const draining = drain();
    void flow.clock.sleep(4_000).then(() => flow.balancers.busy('blue', { open: 0 }));
    const { tookMs, story } = await draining;
    expect(tookMs).toBeGreaterThanOrEqual(4_000);
    expect(tookMs).toBeLessThan(5_000);
    expect(story).toEqual(['draining: waits for what is open in blue (3) to end, 10 s at most']);
    expect(readOpen(flow.process().core, flow.process().target)).toEqual({ blue: 0, green: 0 });
  });

  it('until its limit, which is said with the number of requests that it cuts off', async () => {
    flow.balancers.busy('blue', { open: 3 });
    const { tookMs, story } = await drain();
    expect(tookMs).toBeGreaterThanOrEqual(10_000);
    expect(tookMs).toBeLessThan(10_500);
    expect(story.at(-1)).toBe('drain-limit: 3 still open in blue when its drain limit passed');
  });

  it('not behind a balancer that does not answer: it holds no request open', async () => {
    flow.balancers.busy('blue', { open: 3 });
    await flow.balancers.kill();
    expect(await drain()).toEqual({ tookMs: 0, story: [] });
  });

  it('for its whole limit behind a balancer that counts nothing, while something runs there', async () => {
    const { target } = flow.process();
    const { tookMs, story } = await drain(uncounted(target));
    expect(tookMs).toBeGreaterThanOrEqual(10_000);
    expect(story[0]).toContain('waits for what is open in blue (an unknown number)');
    await flow.environments.crash({ ...shop, slot: 'blue' });
    expect(await drain(uncounted(target))).toEqual({ tookMs: 0, story: [] });
  });

  it('not to its end when the deployment is given up, and the limit did not pass', async () => {
    flow.balancers.busy('blue', { open: 3 });
    const over = new AbortController();
    const draining = drain({}, over.signal);
    void flow.clock.sleep(2_000).then(() => over.abort());
    const { tookMs, story } = await draining;
    expect(tookMs).toBeLessThan(3_000);
    expect(story).toHaveLength(1);
  });
});

describe('a release that takes the slot of a standby', () => {
  it('leaves it to the standby when the process dies before the slot was claimed', async () => {
    const id = flow.ask('v3');
    await flow.killWhen(id, ({ phase }) => phase === 'start-preview');
    expect(blue()).toMatchObject({ role: 'standby', version: 'v1' });
    flow.people.abort({ id }, alice);
    flow.restart();
    await flow.finish(id);
    expect(flow.slots()).toEqual({ blue: 'v1 standby', green: 'v2 active' });
  });

  it('is started once though the process dies right after the claim, and knows what it displaced', async () => {
    const id = flow.ask('v3');
    await flow.killWhen(id, () => blue().deploymentId === id);
    expect(blue()).toMatchObject({ role: 'preview', version: 'v3', displacedVersion: 'v1' });
    expect(starts()).toHaveLength(2);
    flow.restart();
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
    expect(starts().slice(2)).toEqual(['start v3 in blue']);
    expect(flow.story().filter((row) => row.startsWith('slot-claimed: blue gave up v1'))).toHaveLength(1);
  });

  it('gives the slot back when it was claimed, nothing was started, and a person gave it up', async () => {
    const id = flow.ask('v3');
    await flow.killWhen(id, () => blue().deploymentId === id);
    flow.people.abort({ id }, alice);
    flow.restart();
    await flow.finish(id);
    expect(flow.slots()).toEqual({ blue: 'v1 standby', green: 'v2 active' });
    expect(flow.story()).toContain('slot-given-back: blue keeps v1: v3 was never started there');
    expect(starts()).toHaveLength(2);
  });

  it('does not give it back once the standby has ended meanwhile', async () => {
    const id = flow.ask('v3');
    await flow.killWhen(id, () => blue().deploymentId === id);
    await flow.environments.crash({ ...shop, slot: 'blue' });
    flow.people.abort({ id }, alice);
    flow.restart();
    await flow.finish(id);
    expect(flow.slots().blue).toBe('v3 preview (aborted)');
    expect(blue().displacedVersion).toBe('v1');
  });

  it('is started again where the same release stands ill, and is left alone where it is well', async () => {
    const again = () => flow.finish(flow.ask('v1'));
    flow.environments.machine.sicken({ ...shop, slot: 'blue' });
    const ill = await again();
    expect(ill.outcome?.kind).toBe('promoted');
    expect(starts().slice(2)).toEqual(['start v1 in blue']);
    expect(flow.story().findLast((row) => row.startsWith('step-done: start-preview: v1 runs'))).toContain(
      'it was started again, since it was not healthy',
    );
    const acts = flow.environments.story.length;
    await flow.finish(flow.ask('v2'));
    expect(flow.environments.story.slice(acts).filter((act) => act.startsWith('stop v2'))).toEqual([]);
  });

  it('is started again though the process dies between the stop of the ill one and the claim', async () => {
    flow.environments.machine.sicken({ ...shop, slot: 'blue' });
    const id = flow.ask('v1');
    await flow.killWhen(id, () => flow.environments.story.some((act) => act.startsWith('stop')));
    flow.restart();
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
  });

  it('remembers the good release that a failed one displaced, not the failed one', async () => {
    flow.environments.machine.behave('v3', { health: 'unhealthy' });
    await flow.finish(flow.ask('v3'));
    expect(flow.slots().blue).toBe('v3 preview (failed)');
    flow.layRelease('v4');
    const id = flow.ask('v4');
    await flow.at(id, 'check-health');
    expect(blue()).toMatchObject({ version: 'v4', displacedVersion: 'v1' });
    expect(getSnapshot(flow.process().core.store.db, claimKey(id))?.value).toMatchObject({
      version: 'v3',
      label: 'failed',
    });
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
  });

  it.each<[string, change: () => void]>([
    ['past the engine', () => flow.balancers.change({ active: 'blue' })],
    ['as a share past the engine', () => flow.balancers.change({ canary: { slot: 'blue', percent: 1 } })],
  ])('is not started where the balancer sends users %s', async (_, change) => {
    const id = flow.ask('v3');
    await flow.until(id, ({ phase }) => {
      if (phase === 'start-preview' && starts().length === 2 && flow.balancers.nodes[0]?.routing.active === 'green')
        change();
      return false;
    });
    expect(flow.view(id).outcome).toMatchObject({
      kind: 'failed',
      code: expect.stringMatching(/^(drifted|state-older)$/),
    });
    expect(starts()).toHaveLength(2);
    expect(flow.slots().blue).toBe('v1 standby');
  });

  it('belongs to another deployment by then: nothing of that is labelled', async () => {
    flow.environments.machine.behave('v3', { health: 'unhealthy' });
    const id = flow.ask('v3');
    await flow.killWhen(id, ({ direction }) => direction === 'unwinding');
    flow.restart();
    write(flow, (tx) => setSlot(tx, shop, 'blue', { deploymentId: 'd_other', version: 'v9' }));
    await flow.finish(id);
    expect(blue()).toMatchObject({ deploymentId: 'd_other', version: 'v9', label: null });
  });
});
