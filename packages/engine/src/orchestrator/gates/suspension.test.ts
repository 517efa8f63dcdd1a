// When the automation of a target is suspended, whom that holds, and what ends it.

import { afterEach, describe, expect, it } from 'vitest';
import type { Actor } from '../../domain/actor.ts';
import { alice, bob, type Flow, type FlowOptions, shortPlan, startFlow } from '../../testing/flow.ts';

const ci: Actor = { kind: 'machine', name: 'ci', door: 'webhook' };

let flow: Flow;
afterEach(() => flow.close());

async function serving(version: string, options: FlowOptions = {}): Promise<void> {
  flow = await startFlow(options);
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  if (version !== 'v1') await flow.live(version);
}

async function rollBack(): Promise<string> {
  const answer = flow.people.rollback({ actor: bob, reason: 'wrong prices' });
  if (!answer.ok) throw new Error(answer.refusal.sentence);
  await flow.finish(answer.value.id);
  return answer.value.id;
}

const shown = () => {
  const found = flow.people.target({});
  return found.ok ? found.value.suspension : undefined;
};
const asked = (version: string, actor: Actor) => {
  const answer = flow.people.deploy({ version, actor });
  return answer.ok ? 'ok' : answer.refusal.code;
};

describe('the automation of a target', () => {
  it('is suspended by a rollback: a machine deploys nothing, also no other release, and a person does', async () => {
    await serving('v2');
    const id = await rollBack();
    expect(shown()).toMatchObject({
      by: 'person:bob',
      reason: 'v2 was taken back: wrong prices',
      deploymentId: id,
    });
    const before = flow.lastSeq();
    expect(asked('v3', ci)).toBe('target-suspended');
    expect(flow.story(before).join('\n')).toContain('has been suspended by bob');
    expect(flow.view(id).actions.map(({ name }) => name)).toContain('unsuspend');
    const plan = await flow.people.plan({ version: 'v3', actor: alice });
    expect(plan.ok && plan.value.warnings.join('\n')).toContain('it is resumed once v3 is live');
    await flow.live('v3');
    expect(shown()).toBeUndefined();
    expect(flow.actions(before)).toContain('automation-resumed');
    expect(asked('v1', ci)).toBe('ok');
  });

  it('is suspended by a release that the engine takes back for cause, and resumed by a person', async () => {
    await serving('v1');
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    await flow.environments.crash({ service: 'shop', target: 'production', slot: 'green' });
    expect((await flow.finish(id)).outcome).toMatchObject({ code: 'side-crashed' });
    expect(shown()).toMatchObject({ by: 'engine', deploymentId: id });
    expect(flow.people.unsuspend({ actor: ci }).ok).toBe(true);
    expect(asked('v3', ci)).toBe('ok');
  });

  it('goes on after an abort, and after a redeploy of the same files', async () => {
    await serving('v1');
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    flow.people.abort({ id }, bob, 'later');
    await flow.finish(id);
    expect(shown()).toBeUndefined();
    expect(flow.actions()).not.toContain('automation-suspended');
  });

  it('is left alone where the configuration says so', async () => {
    await serving('v2', { options: `${shortPlan}\n    suspendAfterRollback: false` });
    await rollBack();
    expect(shown()).toBeUndefined();
    expect(asked('v3', ci)).toBe('ok');
  });

  it('is suspended and resumed by people, with a reason, once', async () => {
    await serving('v1');
    const { people } = flow;
    expect(people.suspend({ actor: alice, reason: ' ' })).toMatchObject({ refusal: { code: 'reason-missing' } });
    expect(people.suspend({ actor: alice, reason: 'stock-taking' }).ok).toBe(true);
    expect(people.suspend({ actor: bob, reason: 'another' })).toMatchObject({ refusal: { code: 'already-decided' } });
    expect(asked('v3', ci)).toBe('target-suspended');
    expect(people.unsuspend({ actor: bob }).ok).toBe(true);
    expect(people.unsuspend({ actor: bob })).toMatchObject({ refusal: { code: 'not-allowed-now' } });
  });

  it('stays suspended when a machine’s deployment that ran before becomes live', async () => {
    await serving('v1');
    const id = flow.ask('v2', { actor: ci });
    flow.people.suspend({ actor: alice, reason: 'stock-taking' });
    await flow.finish(id);
    expect(shown()).toMatchObject({ reason: 'stock-taking' });
  });
});
