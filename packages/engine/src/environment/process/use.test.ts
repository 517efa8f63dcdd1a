import { afterEach, beforeEach, expect, it } from 'vitest';
import { ask } from '../contract-fixture.ts';
import { makeProcessFixture, type ProcessFixture } from './process-fixture.ts';

let fixture: ProcessFixture;
beforeEach(async () => {
  fixture = await makeProcessFixture();
});
afterEach(() => fixture.close());

const opensFiles = `
import { createServer } from 'node:http';
import { openSync } from 'node:fs';
const held = Array.from({ length: 200 }, () => openSync('/dev/null', 'r'));
createServer((request, response) => {
  const end = process.cpuUsage().user + 300_000;
  while (process.cpuUsage().user < end);
  response.end(JSON.stringify({ pid: process.pid, env: process.env, held: held.length }));
}).listen(Number(process.env.APPLICATION_PORT), '127.0.0.1');
`;

it('reads what the processes of a side use, and nothing of a side that does not run', async () => {
  const { environment, blue, green, release, settings } = fixture;
  await environment.start(blue, release('v1', opensFiles), settings);
  const [before] = (await environment.usage?.(blue)) ?? [];
  await ask(blue);
  const uses = (await environment.usage?.(blue)) ?? [];
  expect(uses).toHaveLength(1);
  expect(uses[0]).toMatchObject({ instance: 1, startedAt: before?.startedAt });
  expect(uses[0]?.openFiles).toBeGreaterThan(200);
  expect(uses[0]?.threads).toBeGreaterThan(1);
  expect(uses[0]?.memoryBytes).toBeGreaterThan(10 << 20);
  expect(uses[0]?.cpuMs).toBeGreaterThanOrEqual((before?.cpuMs ?? 0) + 200);
  expect(await environment.usage?.(green)).toEqual([]);
});

it('has a row for each instance that runs', async () => {
  const { environment, several, release, settings, kill } = fixture;
  if (!several || !kill) throw new Error('the driver runs several instances');
  await environment.start(several, release('v1'), settings);
  expect((await environment.usage?.(several))?.map(({ instance }) => instance)).toEqual([1, 2, 3]);
  await kill(2);
  await expect
    .poll(async () => (await environment.usage?.(several))?.map(({ instance }) => instance), { timeout: 20_000 })
    .toEqual([1, 3]);
});
