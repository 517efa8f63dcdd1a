// The supervisor, which restarts sides and restores routing, does not run here: its rows of the log are written as it
// writes them.

import { afterEach, expect, it } from 'vitest';
import { bob, type Flow, startFlow } from '../../../testing/flow.ts';

let flow: Flow | undefined;
afterEach(async () => {
  await flow?.close();
  flow = undefined;
});

async function inCanary() {
  flow = await startFlow({
    options: `
    canary: [{ percent: 10, watch: 60s }]
    bake: 5s
    approval: { approvers: [bob] }`,
  });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  restarted(flow, 'before the canary');
  const id = flow.ask('v2');
  await flow.at(id, 'watch');
  await flow.wait(id, 3_000);
  return { it: flow, id };
}

const restarted = (it: Flow, sentence: string, target = 'production') =>
  it.process().core.store.write((tx) =>
    tx.audit({
      ...{ service: 'shop', target, actor: 'engine', action: 'restarted', sentence },
      detail: { slot: 'blue', role: 'active', restarts: 1 },
    }),
  );

const marksOf = (it: Flow, id: string) => it.people.timelines.trend(id)?.marks;

it('marks what changes on either side during the canary, in trend, explanation and recording', async () => {
  const { it, id } = await inCanary();
  expect(marksOf(it, id)).toBeUndefined();
  restarted(it, 'blue was restarted');
  restarted(it, 'that of another target', 'staging');
  await it.wait(id, 3_000);
  const marks = marksOf(it, id);
  expect(marks).toMatchObject([{ kind: 'restart', sentence: 'blue was restarted' }]);
  const found = it.people.timelines.explain(id, {});
  expect(found.ok && found.value.confounders).toEqual(marks);
  const replayed = it.people.timelines.replay(id, {}, { set: undefined, file: undefined });
  expect(replayed.ok && replayed.value.marks).toEqual(marks);
});

it('marks a person who moves on early, each change once, and nothing once all users are on the new side', async () => {
  const { it, id } = await inCanary();
  restarted(it, 'blue was restarted');
  await it.wait(id, 3_000);
  expect(it.people.promote({ id }, bob).ok).toBe(true);
  await it.at(id, 'bake');
  await it.wait(id, 2_000);
  restarted(it, 'in the bake');
  await it.finish(id);
  const sentences = (marksOf(it, id) ?? []).map(({ sentence }) => sentence);
  expect(sentences.filter((sentence) => sentence === 'blue was restarted')).toHaveLength(1);
  expect(sentences).not.toContain('in the bake');
  expect(sentences).not.toContain('before the canary');
});
