import { afterEach, expect, it } from 'vitest';
import type { SidesView } from '../../api/sides.ts';
import { type Flow, startFlow } from '../../testing/flow.ts';

let flow: Flow | undefined;
afterEach(async () => {
  await flow?.close();
  flow = undefined;
});

async function sidesOf({ people }: Flow): Promise<SidesView> {
  const found = await people.compareSides({});
  if (!found.ok) throw new Error(found.refusal.sentence);
  return found.value;
}

it('shows both sides with their release, health, numbers and rule', async () => {
  flow = await startFlow();
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000, errors: 3 });
  await flow.live('v1');
  await flow.live('v2').catch(() => undefined);
  const { blue, green } = await sidesOf(flow);
  expect(blue).toMatchObject({ slot: 'blue', version: 'v1', numbers: { errors: 3 }, rule: { type: 'http' } });
  expect(green).toMatchObject({ slot: 'green', version: 'v2', digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(green.digest).not.toBe(blue.digest);
  expect(green.schema).toBeUndefined();
});

it('says whether each side can run on the schema, where there is one', async () => {
  flow = await startFlow({ database: true });
  await flow.live('v1');
  const { blue, green } = await sidesOf(flow);
  expect(blue.schema?.verdict).toEqual(expect.any(String));
  expect(green).toMatchObject({ role: 'idle', version: undefined, configuration: undefined, schema: undefined });
});

it('is refused for a target that does not exist', async () => {
  flow = await startFlow();
  expect(await flow.people.compareSides({ service: 'shpo' })).toMatchObject({ refusal: { code: 'target-unknown' } });
});
