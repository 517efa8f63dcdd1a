// How a deployment ends: one outcome, written once, and what becomes of the side that users were on before.

import { afterEach, describe, expect, it } from 'vitest';
import type { EndCode } from '../../domain/reasons.ts';
import type { DeploymentRow } from '../../state/deployments.ts';
import { readSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { alice, bob, type Flow, startFlow } from '../../testing/flow.ts';
import { endingOf } from './finish.ts';

let flow: Flow | undefined;
afterEach(async () => {
  await flow?.close();
  flow = undefined;
});

async function started(target = '', versions = ['v1', 'v2']): Promise<Flow> {
  flow = await startFlow({ target });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  for (const version of versions) await flow.live(version);
  return flow;
}

const row = (change: Partial<DeploymentRow>): DeploymentRow =>
  ({
    direction: 'unwinding',
    promotedAt: null,
    mode: 'deploy',
    version: 'v2',
    fromVersion: 'v1',
    requestedBy: 'person:alice',
    causeCode: null,
    cause: null,
    causeActor: null,
    ...change,
  }) as DeploymentRow;

describe('the ending of a row', () => {
  it.each<[Partial<DeploymentRow>, kind: string, code: string, sentence: string, actor: string]>([
    [{ direction: 'forward' }, 'promoted', 'deploy', 'v2 is live', 'person:alice'],
    [{ direction: 'forward', mode: 'redeploy' }, 'promoted', 'redeploy', 'v2 is live', 'person:alice'],
    [
      { direction: 'forward', mode: 'rollback' },
      'promoted',
      'rollback',
      'alice rolled back from v1 to v2: it is live',
      'person:alice',
    ],
    [
      { direction: 'forward', mode: 'switch' },
      'promoted',
      'switch',
      'alice switched from v1 to v2: it is live',
      'person:alice',
    ],
    [{ causeCode: 'given-up', cause: 'no', causeActor: 'person:bob' }, 'aborted', 'given-up', 'no', 'person:bob'],
    [
      { causeCode: 'given-up', cause: 'no', causeActor: 'person:bob', promotedAt: 1 },
      'rolled-back',
      'given-up',
      'no',
      'person:bob',
    ],
    [{ causeCode: 'never-healthy', cause: 'ill' }, 'failed', 'never-healthy', 'ill', 'engine'],
    [{ causeCode: 'canary-failed', cause: 'ill', promotedAt: 1 }, 'rolled-back', 'canary-failed', 'ill', 'engine'],
    [{ causeCode: 'inconclusive', cause: 'few' }, 'aborted', 'inconclusive', 'few', 'engine'],
    [{}, 'failed', 'unknown', 'no reason was written', 'engine'],
  ])('%o is %s', (change, kind, code, sentence, actor) => {
    expect(endingOf(row(change))).toEqual({ kind, code: code as EndCode, sentence, actor });
  });
});

describe('the side that users were on', () => {
  it.each<[string, target: string, expected: (now: number) => object]>([
    [
      'stays warm without an end',
      '        standby: { keep: until-next-deployment }',
      () => ({ label: null, keepUntil: null }),
    ],
    ['stays warm for a day where nothing is said', '', (now) => ({ label: null, keepUntil: now + 24 * 3_600_000 })],
    [
      'stays warm for the configured time',
      '        standby: { keep: 2h }',
      (now) => ({ label: null, keepUntil: now + 2 * 3_600_000 }),
    ],
    ['is stopped at once', '        afterBake: stop', (now) => ({ label: null, keepUntil: now })],
    ['is to be upgraded at once', '        afterBake: upgrade', (now) => ({ label: 'upgrading', keepUntil: now })],
  ])('%s', async (_, target, expected) => {
    const { process, slots, story, people } = await started(target);
    expect(slots().green).toBe('v2 active');
    const ended = people.audit.after(0, 1_000).findLast(({ action }) => action === 'deployment-finished');
    expect(ended?.sentence).toBe('v2 is live');
    const row = readSlot(process().core.store.db, shop, 'blue');
    expect(row).toMatchObject({ role: 'standby', version: 'v1', ...expected(ended?.at ?? 0) });
    expect(story().at(-1)).toBe('deployment-finished: v2 is live');
  });

  it('by a rollback is retained for inspection, and is to be restored to the release that people have now', async () => {
    const { people, finish, process, settings } = await started();
    const answer = people.rollback({ actor: bob, reason: 'errors' });
    const view = answer.ok ? await finish(answer.value.id) : undefined;
    const keepMs = settings.targets[0]?.failedSide.keepMs ?? 0;
    expect(readSlot(process().core.store.db, shop, 'green')).toMatchObject({
      role: 'standby',
      version: 'v2',
      label: 'failed',
      displacedVersion: 'v1',
      keepUntil: (view?.outcome?.at ?? 0) + keepMs,
    });
  });
});

describe('the end of a deployment', () => {
  /** The process dies with the write that ends its last step. */
  async function lastStepDone({ ask, killWhen }: Pick<Flow, 'ask' | 'killWhen'>): Promise<string> {
    const id = ask('v3');
    await killWhen(id, ({ position, plan }) => position === plan?.steps.length);
    return id;
  }

  it('is written by the next process when this one dies right before', async () => {
    const { ask, killWhen, row: rowOf, restart, finish, actions } = await started();
    const id = await lastStepDone({ ask, killWhen });
    expect(rowOf(id).finishedAt).toBeNull();
    restart();
    expect((await finish(id)).outcome?.kind).toBe('promoted');
    expect(actions().filter((action) => action === 'deployment-finished')).toHaveLength(3);
  });

  it('is the one that a person asked for in the last moment', async () => {
    const { ask, killWhen, people, restart, finish, slots, balancers } = await started();
    const id = await lastStepDone({ ask, killWhen });
    expect(people.abort({ id }, alice, 'wait')).toMatchObject({ ok: true });
    restart();
    expect((await finish(id)).outcome).toMatchObject({
      kind: 'rolled-back',
      code: 'given-up',
      sentence: 'taken back by alice: wait',
    });
    expect(slots()).toEqual({ blue: 'v3 preview (failed)', green: 'v2 active' });
    expect(balancers.nodes[0]?.routing.active).toBe('green');
  });

  it('leaves no word to be taken later', async () => {
    const { ask, finish, people } = await started();
    const id = ask('v3');
    await finish(id);
    expect(people.abort({ id }, alice)).toMatchObject({ ok: false });
  });
});
