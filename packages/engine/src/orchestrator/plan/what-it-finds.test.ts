import { afterEach, expect, it } from 'vitest';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';

let flow: Flow;
afterEach(() => flow.close());

async function finds(requests: number, errors: number, canary = '[{ percent: 10, watch: 120s }]') {
  flow = await startFlow({ options: `\n    canary: ${canary}\n    bake: 5s` });
  await flow.live('v1');
  flow.balancers.busy('blue', { requests, errors });
  const answer = await flow.people.plan({ version: 'v2', actor: alice });
  if (!answer.ok) throw new Error(answer.refusal.sentence);
  return answer.value.finds;
}

it('says what the planned canary can find at the traffic of the last hour, and what ten minutes would', async () => {
  const [planned, longer] = (await finds(72_000, 360)) ?? [];
  expect(planned).toMatch(
    /^at 20 requests\/s, the comparison finds a rise of errors from 0\.50 % to \d+\.\d+ % with 95 % in 2 min$/,
  );
  expect(longer).toMatch(/^10 % watched for 10 min would find a rise of errors from 0\.50 % to \d\.\d\d %$/);
});

it('promises nothing where too few users come', async () => {
  expect(await finds(99, 0)).toEqual([expect.stringMatching(/^\d+ requests in the last hour: too few to say/)]);
});

it('says that a watch is too short for any finding', async () => {
  expect((await finds(360, 0))?.[0]).toMatch(/^at 0\.1 requests\/s, 2 min are too short to find any rise/);
});

it('says nothing of a plan that watches no share', async () => {
  expect(await finds(72_000, 360, '[]')).toEqual([]);
});
