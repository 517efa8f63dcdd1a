// A new step is its file, a line of the registry, and its place in the plan. This one is only here, and the rest of the
// engine does not know it: it is planned, shown, steered, run, begun again and undone as all others are.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { advanceDeployment } from '../../../state/deployments.ts';
import { alice, bob, type Flow, startFlow } from '../../../testing/flow.ts';
import { story } from './testing/toys.ts';

vi.mock('./registry.ts', async (original) => {
  const { steps } = await original<typeof import('./registry.ts')>();
  const { ring, warmCaches } = await import('./testing/toys.ts');
  return { steps: [...steps, warmCaches, ring] };
});

let flow: Flow;
beforeEach(async () => {
  story.length = 0;
  flow = await startFlow();
  await flow.live('v1');
  flow.balancers.busy('green', { requests: 1_000 });
});
afterEach(() => flow.close());

/** As if `buildPlan` listed both right after the smoke tests. */
async function askWithToys(): Promise<string> {
  const id = flow.ask('v2');
  await flow.until(id, ({ plan }) => plan !== null);
  const { plan } = flow.row(id);
  const toys = [{ name: 'warm-caches', pages: 12 } as const, { name: 'ring' } as const];
  const at = (plan?.steps.findIndex(({ name }) => name === 'smoke-test') ?? 0) + 1;
  const steps = [...(plan?.steps.slice(0, at) ?? []), ...toys, ...(plan?.steps.slice(at) ?? [])];
  flow.process().core.store.write((tx) => {
    advanceDeployment(tx, id, { plan: { mode: 'deploy', schema: [], steps } });
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'two toys were put into the plan' });
  });
  return id;
}

describe('a step that only its file, the registry and the plan know', () => {
  it('is run where the plan has it, and shown by its own title', async () => {
    const id = await askWithToys();
    await flow.at(id, 'ring');
    expect(story).toEqual(['asks v2 for 12 pages']);
    const titles = flow.view(id).steps.map(({ title, status }) => `${title}: ${status}`);
    expect(titles.slice(3, 7)).toEqual([
      'run smoke tests: done',
      'ask v2 for 12 pages: done',
      'ring until a person comes: started',
      'prove it through the load balancer: waiting',
    ]);
  });

  it('defines what people may do in it, and what their promote means', async () => {
    const id = await askWithToys();
    await flow.at(id, 'ring');
    const { actions, waitsFor } = flow.view(id);
    expect(waitsFor).toBe('people');
    expect(actions.map(({ name }) => name)).toEqual(['promote', 'pause', 'abort']);
    expect(actions[0]?.effect).toBe('Stops the bell and goes on with v2.');
    // It takes the trust of an approval, and alice has asked for the deployment herself.
    expect(flow.people.promote({ id }, alice)).toMatchObject({ ok: false });
    expect(flow.people.promote({ id }, bob)).toMatchObject({ ok: true });
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
  });

  it('is begun again by the next process', async () => {
    const id = await askWithToys();
    await flow.killWhen(id, ({ phase }) => phase === 'warm-caches');
    flow.restart();
    await flow.at(id, 'ring');
    expect(flow.story()).toContain('step-started: warm-caches, again');
    expect(flow.people.promote({ id }, bob)).toMatchObject({ ok: true });
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
  });

  it('is undone when the deployment is given up', async () => {
    const id = await askWithToys();
    await flow.at(id, 'ring');
    expect(flow.people.abort({ id }, alice)).toMatchObject({ ok: true });
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted' });
    expect(story).toEqual(['asks v2 for 12 pages', 'forgets v2']);
    expect(flow.story()).toEqual(
      expect.arrayContaining([
        'step-passed: ring: nothing to undo',
        'step-undone: warm-caches: the pages are forgotten',
      ]),
    );
  });

  it('is named to a person who wants to promote another step', async () => {
    const id = await askWithToys();
    const answer = flow.people.promote({ id }, bob);
    expect(answer.ok ? '' : answer.refusal.hint).toMatch(/^Steps that can be moved on: .*\bwatch\b.*\bring\b/);
    await flow.at(id, 'ring');
  });
});
