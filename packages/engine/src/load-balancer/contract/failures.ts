// What people see of a release that was taken back: the first requests that failed on its side, each of which can be found
// again in the logs by its id.

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { FailedRequest } from '../../domain/failed-request.ts';
import type { SlotName } from '../../domain/target.ts';
import { until } from '../../lib/testing/until.ts';
import { asBucket, previewToken, type Stage } from './stage.ts';

export function failuresContract(stage: () => Stage): void {
  test('failed requests are listed with id, method, path without query, status and time', async () => {
    const { user, route, failures } = stage();
    const began = Date.now();
    await route({ active: 'blue' });
    const id = `client-${randomUUID()}`;
    await user({ path: '/status/500/a?password=secret&x=1', headers: { 'x-request-id': id } });
    await user({ path: '/status/503/b%20c', method: 'POST', body: Buffer.from('x') });
    await user({ path: '/status/404' });
    await user();
    const listed = await listedOn(stage(), 'blue', 2);
    expect(listed).toMatchObject([
      { id, method: 'GET', path: '/status/500/a', status: 500 },
      { id: expect.stringMatching(/^[A-Za-z0-9._-]{16,128}$/), method: 'POST', path: '/status/503/b%20c', status: 503 },
    ]);
    for (const { at, ms } of listed) {
      // A log may say the second only.
      expect([at >= began - 2_000, at <= Date.now() + 1_000, ms >= 0]).toEqual([true, true, true]);
    }
    expect(JSON.stringify(listed)).not.toMatch(/secret|password/);
    expect(await failures('green', 0)).toEqual([]);
    expect(await failures('blue', Date.now() + 5_000)).toEqual([]);
  });

  test('so are requests whose connection the service drops, and those that it does not accept', async () => {
    const { user, route, backends } = stage();
    await route({ active: 'green' });
    expect((await user({ path: '/drop/1', method: 'POST', body: Buffer.from('x') })).status).toBe(502);
    const [dropped] = await listedOn(stage(), 'green', 1);
    expect(dropped).toMatchObject({ path: '/drop/1', status: 502, failure: 'cut' });
    await backends.green.close();
    expect((await user({ path: '/closed?a=b' })).status).toBe(502);
    const [, refused] = await listedOn(stage(), 'green', 2);
    expect(refused).toMatchObject({ method: 'GET', path: '/closed', status: 502, failure: 'connect' });
  });

  test('probes and testers are none; of many the first ten are listed, and what a client sends is bounded', async () => {
    const { user, route } = stage();
    await route({ active: 'blue', preview: 'green' });
    await user({ path: '/status/500/tester', headers: { 'x-preview-token': previewToken } });
    await user({ path: '/status/500/probe', headers: { ...asBucket(stage(), 0).headers } });
    const long = `/status/500/first-${'x'.repeat(1_500)}`;
    await user({ path: long });
    for (let at = 2; at <= 14; at += 1) await user({ path: `/status/500/${at}` });
    await until(async () => (await stage().traffic(0)).blue.errors === 14);
    const listed = await stage().failures('blue', 0);
    const paths = listed.map(({ path }) => path);
    expect(paths).toHaveLength(10);
    expect(paths).toContain(long.slice(0, 200));
    // Workers write their lines by themselves, and a log may say the second only: which ten are first is not certain.
    const sent = Array.from({ length: 13 }, (_, at) => `/status/500/${at + 2}`);
    expect(sent.filter((path) => paths.includes(path))).toHaveLength(9);
    const times = listed.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(await stage().failures('green', 0)).toEqual([]);
  });
}

async function listedOn({ failures }: Stage, slot: SlotName, count: number): Promise<readonly FailedRequest[]> {
  await until(async () => (await failures(slot, 0)).length >= count);
  return failures(slot, 0);
}
