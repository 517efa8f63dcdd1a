// A rollback that named no release: people want to be off the live one. When the older release is unfit, the next older one
// is tried; when something else is in the way, it would block every release.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlueGreenError } from '../../lib/errors.ts';
import { recentDeployments } from '../../state/deployments.ts';
import { shop } from '../../state/testing/state.ts';
import type { Behaviour } from '../../testing/fake-machine.ts';
import { bob, type Flow, startFlow } from '../../testing/flow.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow();
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  for (const version of ['v1', 'v2', 'v3']) await flow.live(version);
});
afterEach(() => flow.close());

const rollbacks = () =>
  recentDeployments(flow.process().core.store.db, shop, 20)
    .filter(({ mode }) => mode === 'rollback')
    .toReversed();

/** Until no rollback is left to be moved. */
async function rolledBack(version?: string): Promise<readonly string[]> {
  const answer = flow.people.rollback({ actor: bob, reason: 'errors', ...(version === undefined ? {} : { version }) });
  if (!answer.ok) throw new Error(answer.refusal.sentence);
  for (;;) {
    const live = rollbacks().find(({ finishedAt }) => finishedAt === null);
    if (!live) return rollbacks().map((row) => `${row.version} ${row.outcome} ${row.causeCode}`);
    await flow.finish(live.id);
  }
}

const broken: Behaviour = { endsAtOnce: { exit: 'exit code 2', lines: ['no licence'] } };
const cripple = async (version: string, behaviour: Behaviour = broken) => {
  flow.environments.machine.behave(version, behaviour);
  const slot = flow.slots().blue.startsWith(version) ? 'blue' : 'green';
  if (flow.slots()[slot].startsWith(version)) await flow.environments.crash({ ...shop, slot });
};

describe('a rollback to whatever is good', () => {
  it.each<[string, Behaviour, code: string]>([
    ['cannot be started', broken, 'start-failed'],
    ['never is healthy', { health: 'unhealthy' }, 'never-healthy'],
  ])('goes on to the next older release when the standby %s', async (_, behaviour, code) => {
    await cripple('v2', behaviour);
    expect(await rolledBack()).toEqual([`v2 failed ${code}`, 'v1 promoted rollback']);
    const [, next] = rollbacks();
    expect(next).toMatchObject({
      requestedBy: 'person:bob',
      reason: expect.stringMatching(/^v2 could not be restored: /),
    });
    expect(flow.balancers.nodes[0]?.routing.active).toBe(next?.slot);
  });

  it('ends when no release is left, and users stay where they are', async () => {
    await cripple('v2');
    await cripple('v1');
    expect(await rolledBack()).toEqual(['v2 failed start-failed', 'v1 failed start-failed']);
    expect(flow.balancers.nodes[0]?.routing).toMatchObject({ active: 'blue', canary: undefined });
  });

  it('tries three releases at most', async () => {
    for (const version of ['v4', 'v5']) {
      flow.layRelease(version);
      await flow.live(version);
    }
    for (const version of ['v1', 'v2', 'v3', 'v4']) await cripple(version);
    expect((await rolledBack()).map((row) => row.split(' ')[0])).toEqual(['v4', 'v3', 'v2']);
  });

  it('begins no second one when a person named the release, nor when the balancer is in the way', async () => {
    const answer = flow.people.rollback({ actor: bob });
    await flow.until(answer.ok ? answer.value.id : '', ({ direction }) => {
      const isForward = direction === 'forward';
      flow.balancers.refuse(isForward ? new BlueGreenError('balancer-unreachable', 'no answer') : undefined);
      return false;
    });
    expect(rollbacks().map(({ causeCode }) => causeCode)).toEqual(['balancer-unreachable']);
    await cripple('v2');
    expect((await rolledBack('v2')).slice(1)).toEqual(['v2 failed start-failed']);
  });

  it('goes on to exactly one when its process dies at the write that ends the first, or right after', async () => {
    await cripple('v2');
    const answer = flow.people.rollback({ actor: bob });
    await flow.killWhen(answer.ok ? answer.value.id : '', ({ finishedAt }) => finishedAt !== null);
    expect(rollbacks().map(({ version, finishedAt }) => [version, finishedAt !== null])).toEqual([
      ['v2', true],
      ['v1', false],
    ]);
    flow.restart();
    await flow.finish(rollbacks()[1]?.id ?? '');
    expect(rollbacks().map(({ outcome }) => outcome)).toEqual(['failed', 'promoted']);
  });
});
