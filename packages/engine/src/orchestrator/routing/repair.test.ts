// Stored routing is intent, the balancer's is truth: lost routing is restored, a change by another is reported and left
// to a person, and a dead node delays a way forward and no way back.

import { afterEach, describe, expect, it } from 'vitest';
import type { Result } from '../../domain/refusal.ts';
import type { Routing } from '../../domain/routing.ts';
import { readRouting } from '../../state/targets.ts';
import { alice, bob, type Flow, type FlowOptions, startFlow } from '../../testing/flow.ts';
import { readDrift } from './drift.ts';
import { repairRouting } from './repair.ts';

let flow: Flow;
afterEach(() => flow.close());

async function serving(options: FlowOptions = {}): Promise<void> {
  flow = await startFlow(options);
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
}

const codeOf = (answer: Result<unknown>): string => (answer.ok ? 'ok' : answer.refusal.code);
const stored = () => readRouting(flow.process().core.store.db, flow.process().target.key);
const drift = () => readDrift(flow.process().core, flow.process().target.key);

/** One check of the balancer by the supervisor. */
async function look(): Promise<void> {
  const { core, target, lease } = flow.process();
  const { intent } = stored();
  await repairRouting({ core, target, lease: lease() }, intent, await target.balancer.observe());
}

/** A change on the nodes, past the engine, that does not change the generation. */
function rewrite(change: Partial<Routing>, at?: number): void {
  for (const [index, node] of flow.balancers.nodes.entries())
    if (at === undefined || at === index) node.routing = { ...node.routing, ...change };
}

describe('a balancer that was checked', () => {
  it('and does what was decided is not changed', async () => {
    await serving();
    const [before, seq] = [stored(), flow.lastSeq()];
    await look();
    await look();
    expect([stored(), flow.lastSeq()]).toEqual([before, seq]);
  });

  it('and has lost its routing gets it back under a new generation', async () => {
    await serving();
    const { intent } = stored();
    rewrite({ generation: 0, active: undefined, preview: undefined });
    await look();
    expect(stored()).toEqual({ intent: { ...intent, generation: intent.generation + 1 }, confirmed: true });
    expect(flow.balancers.nodes[0]?.routing).toMatchObject({ active: 'green' });
    expect(flow.story().at(-1)).toContain('the balancer had lost its routing; it was put back');
    expect(drift()).toBeUndefined();
  });

  it('and does not answer is neither drifted nor lost', async () => {
    await serving();
    await flow.balancers.kill();
    const before = stored();
    await look();
    expect([stored(), drift()?.blocks ?? false]).toEqual([before, false]);
  });
});

describe('a balancer that was changed past the engine', () => {
  it('is reported once, and nothing is moved', async () => {
    await serving();
    rewrite({ active: 'blue' });
    const [before, seq] = [stored(), flow.lastSeq()];
    await look();
    await look();
    expect(stored()).toEqual(before);
    expect(flow.actions(seq)).toEqual(['drift-found']);
    expect(drift()).toMatchObject({ blocks: true, nodes: [{ differs: true }] });
    expect(flow.balancers.nodes[0]?.routing.active).toBe('blue');
  });

  it('refuses deployments, switches and ways back until a person has decided', async () => {
    await serving();
    rewrite({ active: 'blue' });
    await look();
    expect(codeOf(flow.people.deploy({ version: 'v3', actor: alice }))).toBe('drifted');
    expect(codeOf(flow.people.rollback({ actor: alice }))).toBe('drifted');
    expect(codeOf(flow.people.switch({ actor: alice, to: 'blue' }))).toBe('drifted');
  });

  it('follows what was decided again, when a person restores it', async () => {
    await serving();
    rewrite({ active: 'blue' });
    await look();
    expect(codeOf(await flow.people.restoreRouting({ actor: alice }))).toBe('ok');
    expect(flow.balancers.nodes[0]?.routing.active).toBe('green');
    await look();
    expect(drift()).toBeUndefined();
    expect(codeOf(await flow.people.restoreRouting({ actor: alice }))).toBe('not-allowed-now');
    expect((await flow.finish(flow.ask('v3'))).outcome).toMatchObject({ kind: 'promoted' });
  });

  it('is what was decided from then on, when a person adopts it', async () => {
    await serving();
    rewrite({ active: 'blue' });
    await look();
    expect(codeOf(await flow.people.adoptRouting({ actor: bob }))).toBe('ok');
    expect(flow.slots()).toEqual({ blue: 'v1 active', green: 'v2 standby' });
    expect(stored()).toMatchObject({ intent: { active: 'blue' }, confirmed: true });
    await look();
    expect(drift()).toBeUndefined();
  });

  it('is reported as over when it was changed back', async () => {
    await serving();
    rewrite({ active: 'blue' });
    await look();
    const seq = flow.lastSeq();
    rewrite({ active: 'green' });
    await look();
    expect(flow.actions(seq)).toEqual(['drift-resolved']);
    expect(drift()).toBeUndefined();
  });
});

describe('of two nodes', () => {
  it('one that is dead delays a deployment, which is reverted with its name', async () => {
    await serving({ nodes: 2 });
    await flow.balancers.kill(1);
    const { outcome } = await flow.finish(flow.ask('v3'));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'balancer-unreachable' });
    expect(outcome?.sentence).toContain(flow.balancers.nodes[1]?.name);
    expect(flow.balancers.nodes[0]?.routing).toMatchObject({ active: 'green', canary: undefined, preview: undefined });
  });

  it('one that is dead does not hold up a rollback, which names it', async () => {
    await serving({ nodes: 2 });
    await flow.balancers.kill(1);
    const answer = flow.people.rollback({ actor: bob });
    const { outcome } = await flow.finish(answer.ok ? answer.value.id : '');
    expect(outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
    expect(flow.balancers.nodes.map(({ routing }) => routing.active)).toEqual(['blue', 'green']);
    const name = flow.balancers.nodes[1]?.name ?? '';
    expect(
      flow
        .story()
        .filter((row) => row.startsWith('routing-applied'))
        .at(-1),
    ).toContain(`without ${name}`);
  });

  it('one that is dead holds up no abort', async () => {
    await serving({ nodes: 2 });
    const id = flow.ask('v3');
    await flow.at(id, 'watch');
    await flow.balancers.kill(0);
    expect(codeOf(flow.people.abort({ id }, alice))).toBe('ok');
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted', code: 'given-up' });
    expect(flow.balancers.nodes[1]?.routing).toMatchObject({ active: 'green', canary: undefined });
  });

  it('one that does something else is drift that names it', async () => {
    await serving({ nodes: 2 });
    rewrite({ active: 'blue' }, 1);
    await look();
    expect(drift()?.nodes.map(({ differs }) => differs)).toEqual([false, true]);
    expect(codeOf(await flow.people.adoptRouting({ actor: bob }))).toBe('not-allowed-now');
    expect(codeOf(await flow.people.restoreRouting({ actor: bob }))).toBe('ok');
    expect(flow.balancers.nodes.map(({ routing }) => routing.active)).toEqual(['green', 'green']);
  });
});
