// Whole deployments, looked back on: what the timeline says is compared with what was done.

import { afterEach, expect, it } from 'vitest';
import type { TimelineView } from '../../../api/timeline.ts';
import { alice, bob, type Flow, type FlowOptions, startFlow } from '../../../testing/flow.ts';

let flow: Flow | undefined;
afterEach(async () => {
  await flow?.close();
  flow = undefined;
});

async function started(options?: FlowOptions): Promise<Flow> {
  flow = await startFlow(options);
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  return flow;
}

function timelineOf({ people }: Flow, word: string): TimelineView {
  const found = people.timelines.find(word, {});
  if (!found.ok) throw new Error(found.refusal.sentence);
  return found.value;
}

const minute = 60_000;

it('lists the steps of a promoted deployment with their times, shares, numbers and proofs', async () => {
  const it = await started();
  await it.live('v1');
  const id = it.ask('v2', { reason: 'prices in cents' });
  await it.finish(id);
  const timeline = timelineOf(it, 'latest');
  expect(timeline).toMatchObject({
    id,
    mode: 'deploy',
    version: 'v2',
    from: 'v1',
    requestedBy: 'person:alice',
    reason: 'prices in cents',
    outcome: { kind: 'promoted' },
    waits: [],
    approvals: [],
    refusals: [],
    remarks: [],
  });
  const done = timeline.steps.map(({ name, status }) => `${name} ${status}`);
  expect(done[0]).toBe('fetching done');
  expect(done.slice(1)).toEqual(it.view(id).steps.map(({ name }) => `${name} done`));
  const watched = timeline.steps.find(({ name }) => name === 'watch');
  expect(watched).toMatchObject({ measuredBy: 'monotonic', waitedMs: 0, attempts: 1 });
  expect(watched?.ms).toBeGreaterThanOrEqual(5_000);
  expect(watched?.numbers?.canary).toMatchObject({
    requests: expect.any(Number),
    errors: 0,
    p99Ms: expect.any(Number),
  });
  expect(watched?.sentence).not.toBe('');
  const verified = timeline.steps.find(({ name }) => name === 'verify-live');
  expect(verified?.receipt).toMatchObject({
    proved: true,
    expected: { version: 'v2' },
    nodes: [{ probes: 2, seen: 2 }],
  });
  expect(verified?.receipt?.generation).toBe(timeline.routings.at(-1)?.generation);
  expect(timeline.shares.map(({ percent }) => percent)).toEqual([10, 100]);
  const { totalMs, waitedMs, machineMs } = timeline.duration;
  expect([waitedMs, machineMs]).toEqual([0, totalMs]);
  expect(totalMs).toBe((timeline.endedAt ?? 0) - timeline.askedAt);
});

it('counts the time of people apart from that of the machine, and no minute twice', async () => {
  const it = await started({
    options: `
    canary: [{ percent: 10, approval: true }]
    bake: 5s
    approval: { approvers: [bob, carol], fourEyes: true }`,
  });
  await it.live('v1');
  const id = it.ask('v2');
  await it.at(id, 'await-approval');
  const before = it.clock.now();
  await it.wait(id, 10 * minute);
  it.people.pause({ id }, alice);
  await it.wait(id, 5 * minute);
  it.people.resume({ id }, alice);
  expect(it.people.approve({ id }, alice).ok).toBe(false);
  expect(it.people.approve({ id }, bob).ok).toBe(true);
  await it.finishWithPeople(id);
  const timeline = timelineOf(it, id);
  const approval = timeline.waits.find(({ kind }) => kind === 'approval');
  const pause = timeline.waits.find(({ kind }) => kind === 'pause');
  expect(approval?.ms).toBeGreaterThanOrEqual(15 * minute);
  expect(pause?.ms).toBeGreaterThanOrEqual(5 * minute);
  expect(approval?.from).toBeLessThanOrEqual(before);
  expect(timeline.duration.waitedMs).toBe(approval?.ms);
  expect(timeline.duration.machineMs).toBeLessThan(5 * minute);
  const step = timeline.steps.find(({ name }) => name === 'await-approval');
  expect(step?.waitedMs).toBe(approval?.ms);
  expect(timeline.approvals[0]).toMatchObject({ needed: 1, decisions: [{ by: 'person:bob', kind: 'approved' }] });
  expect(timeline.refusals).toMatchObject([{ actor: 'person:alice', code: 'four-eyes', about: 'deployment' }]);
});

it('quotes the new side where a step failed, and shows the way back', async () => {
  const it = await started();
  await it.live('v1');
  const id = it.ask('v2');
  await it.at(id, 'watch');
  await it.environments.crash({ service: 'shop', target: 'production', slot: 'green' });
  await it.finish(id);
  const timeline = timelineOf(it, id);
  const failed = timeline.steps.find(({ status }) => status === 'failed');
  expect(failed).toMatchObject({ name: 'watch', code: 'side-crashed', log: ['it broke'] });
  const back = timeline.steps.filter(({ direction }) => direction === 'unwinding').map(({ name }) => name);
  expect(back).toEqual(expect.arrayContaining(['shift-traffic', 'start-preview']));
  expect(timeline.shares).toMatchObject([{ percent: 10 }]);
  expect(timeline.outcome?.kind).toBe('failed');
});

const answered = (more: object) => ({
  slot: 'green' as const,
  at: 0,
  status: 500,
  isConnectFailure: false,
  request: { id: 'r-1', method: 'GET', path: '/basket?card=4111' },
  ...more,
});

it('lists the first requests that failed on a side that was taken back', async () => {
  const it = await started();
  await it.live('v1');
  const id = it.ask('v2');
  it.balancers.nodes[0]?.answered.push(answered({ at: it.clock.now() - 60_000, request: { id: 'before' } }));
  await it.at(id, 'watch');
  for (let at = 0; at < 12; at += 1) it.balancers.nodes[0]?.answered.push(answered({ at: it.clock.now() }));
  it.balancers.nodes[0]?.answered.push(answered({ slot: 'blue', at: it.clock.now(), request: { id: 'other' } }));
  expect(timelineOf(it, id).failing).toBeUndefined();
  it.people.abort({ id }, alice, 'enough');
  await it.finish(id);
  const { failing, failingProblem } = timelineOf(it, id);
  expect(failing).toHaveLength(10);
  expect(failing?.[0]).toMatchObject({ id: 'r-1', method: 'GET', path: '/basket', status: 500 });
  expect(failingProblem).toBeUndefined();
  expect(JSON.stringify(failing)).not.toMatch(/4111|before|other/);
});

it('says why they could not be listed, and goes back all the same; a side that stays has none', async () => {
  const it = await started();
  await it.live('v1');
  expect(timelineOf(it, 'latest').failing).toBeUndefined();
  const id = it.ask('v2');
  await it.at(id, 'watch');
  it.balancers.refuseFailures(new Error('no such command'));
  it.people.abort({ id }, alice, 'enough');
  await it.finish(id);
  expect(timelineOf(it, id)).toMatchObject({ failing: [], failingProblem: 'no such command' });
  expect(timelineOf(it, id).outcome?.kind).toBe('aborted');
});

it('shows what was refused around it, and how far it is while it runs', async () => {
  const it = await started();
  await it.live('v1');
  const id = it.ask('v2');
  await it.at(id, 'watch');
  expect(it.people.deploy({ version: 'v3', actor: bob }).ok).toBe(false);
  const timeline = timelineOf(it, id);
  expect(timeline).toMatchObject({ endedAt: undefined, outcome: undefined });
  expect(timeline.refusals).toMatchObject([{ actor: 'person:bob', code: 'target-busy', about: 'around' }]);
  expect(timeline.steps.at(-1)).toMatchObject({ name: 'watch', status: 'started', endedAt: undefined, sentence: '' });
  await it.finish(id);
});

it('does not trust the clock of a step that another process went on with', async () => {
  const it = await started();
  await it.live('v1');
  const id = it.ask('v2');
  await it.at(id, 'watch');
  it.restart();
  await it.finish(id);
  const timeline = timelineOf(it, id);
  expect(timeline.steps.find(({ name }) => name === 'watch')).toMatchObject({ attempts: 2, measuredBy: 'wall' });
  expect(timeline.remarks.join()).toContain('begun again');
});

it('finds a deployment by the beginning of its id, and says which ones a short one fits', async () => {
  const it = await started();
  expect(it.people.timelines.find('latest', {})).toMatchObject({
    ok: false,
    refusal: { sentence: 'nothing was ever deployed to shop' },
  });
  await it.live('v1');
  await it.live('v2');
  const history = it.people.history({}, 10);
  const ids = history.ok ? history.value.map(({ id }) => id) : [];
  expect(timelineOf(it, ids[0]?.slice(0, 9) ?? '').id).toBe(ids[0]);
  const several = it.people.timelines.find('d_', {});
  expect(several).toMatchObject({ ok: false, refusal: { code: 'no-such-deployment' } });
  for (const id of ids) expect(several.ok ? '' : several.refusal.sentence).toContain(id);
  for (const word of ['d_nothing', '', '%', "' OR 1=1"])
    expect(it.people.timelines.find(word, {})).toMatchObject({ ok: false, refusal: { code: 'no-such-deployment' } });
  expect(it.people.timelines.find('latest', { service: 'shpo' })).toMatchObject({
    refusal: { code: 'target-unknown' },
  });
  expect(it.people.timelines.of('d_nothing')).toBeUndefined();
});

it('reads rows that an earlier version wrote, without numbers', async () => {
  const it = await started();
  await it.live('v1');
  const id = it.ask('v2');
  await it.finish(id);
  const { db } = it.process().core.store;
  db.$client.exec('UPDATE steps SET note = NULL');
  const { steps } = timelineOf(it, id);
  expect(new Set(steps.map(({ measuredBy }) => measuredBy))).toEqual(new Set(['wall']));
  expect(steps.every(({ numbers, log }) => numbers === undefined && log.length === 0)).toBe(true);
});
