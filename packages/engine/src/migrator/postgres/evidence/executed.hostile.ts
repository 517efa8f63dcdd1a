// Every kind of write and of change, by recorded statements and by rows that are made up.

import { afterAll, beforeAll, describe, test } from 'vitest';
import { startTwoServers, type TwoServers } from './testing/two-servers.ts';
import { breaking, expectBreaking, expectHarmless, harmless, recorded } from './testing/writes.ts';

let servers: TwoServers;
beforeAll(async () => {
  servers = await startTwoServers();
}, 120_000);
afterAll(() => servers?.stop());

describe.each([
  ['recorded statements', recorded],
  ['rows that are made up, where nothing is recorded', []],
])('by %s', (_, statements) => {
  test.each(breaking.map((one) => [one[0], one] as const))('%s is incompatible', (_, one) =>
    expectBreaking(servers, one, statements),
  );
  test.each(harmless.map((one) => [one[0], one] as const))('%s is not accused of it', (_, one) =>
    expectHarmless(servers, one, statements),
  );
});
