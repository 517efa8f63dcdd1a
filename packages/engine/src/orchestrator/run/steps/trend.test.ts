import { afterEach, describe, expect, it } from 'vitest';
import { type Flow, startFlow } from '../../../testing/flow.ts';

const planOf = (watch: string) => `
    canary: [{ percent: 10, watch: ${watch} }, { percent: 50, watch: ${watch} }]
    bake: 5s`;

let flow: Flow;
afterEach(() => flow.close());

const trendOf = (id: string) => flow.people.timelines.trend(id);

async function canary(watch = '20s'): Promise<string> {
  flow = await startFlow({ options: planOf(watch) });
  await flow.live('v1');
  return flow.ask('v2');
}

describe('the trend of a deployment', () => {
  it('is there during the canary and after the end, with the weights and the moment of promotion', async () => {
    const id = await canary();
    expect(trendOf(id)).toBeUndefined();
    flow.balancers.busy('blue', { requests: 900, errors: 1 });
    flow.balancers.busy('green', { requests: 100, errors: 0 });
    await flow.at(id, 'watch');
    await flow.wait(id, 7_000);
    expect(trendOf(id)).toMatchObject({ version: 'v2', from: 'v1', decision: undefined });
    expect(trendOf(id)?.points[0]).toMatchObject({ percent: 10, canary: { requests: 100, errors: 0 } });
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
    const trend = trendOf(id);
    expect(flow.people.timelines.of(id)?.trend).toEqual(trend);
    expect([...new Set(trend?.points.map(({ percent }) => percent))]).toEqual([10, 50, 100]);
    expect(trend?.decision?.kind).toBe('promoted');
    const lastOfCanary = trend?.points.findLast(({ percent }) => percent === 50);
    expect(trend?.decision?.at).toBeGreaterThanOrEqual(lastOfCanary?.to ?? Number.POSITIVE_INFINITY);
  });

  it('holds the look that took the release back, whatever second of a span it was', async () => {
    const id = await canary();
    flow.balancers.busy('blue', { requests: 900, errors: 0 });
    flow.balancers.busy('green', { requests: 100, errors: 0 });
    await flow.at(id, 'watch');
    await flow.wait(id, 3_000);
    flow.balancers.busy('green', { requests: 200, errors: 60 });
    expect((await flow.finish(id)).outcome?.code).toBe('canary-failed');
    const trend = trendOf(id);
    const errors = trend?.points.map(({ canary: side }) => side.errors) ?? [];
    expect(errors.reduce((sum, each) => sum + each, 0)).toBe(60);
    expect(trend?.decision?.kind).toBe('reverted');
  });

  it('goes on in another process, and counts nothing twice', async () => {
    const id = await canary('5m');
    flow.balancers.busy('green', { requests: 100, errors: 2 });
    await flow.at(id, 'watch');
    await flow.wait(id, 3_000);
    flow.restart();
    flow.balancers.busy('green', { requests: 130, errors: 2 });
    await flow.wait(id, 60_000);
    const requests = trendOf(id)?.points.map(({ canary: side }) => side.requests) ?? [];
    expect(requests.reduce((sum, each) => sum + each, 0)).toBe(130);
  });
});
