// The data of the judge: every user's request counted once, on the right side, with the right class and time.

import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { noCounts, type Traffic } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import { inParallel } from '../../lib/tasks.ts';
import { until } from '../../lib/testing/until.ts';
import type { Stage } from './stage.ts';

export function countingContract(stage: () => Stage): void {
  test('requests are counted per side and class; previews, probes and refusals are not', async () => {
    const { fixture, user, route } = stage();
    await user();
    await route({ active: 'blue', preview: 'green' });
    const statuses = [200, 200, 200, 204, 301, 304, 404, 404, 500, 503];
    for (const status of statuses) await user({ path: `/status/${status}` });
    for (let count = 0; count < 5; count++)
      await user({ headers: { 'x-preview-token': stage().spec.preview?.token ?? '' } });
    for (let count = 0; count < 5; count++) await user({ headers: { ...fixture.balancer.probeHeaders } });
    await route({ active: 'green' });
    await user({ path: '/status/200' });

    const { blue, green } = await counted(stage(), { blue: 10, green: 1 });
    expect(blue).toMatchObject({ requests: 10, errors: 2, connectFailures: 0, open: 0 });
    expect(blue.statusClasses).toEqual({ '1xx': 0, '2xx': 4, '3xx': 2, '4xx': 2, '5xx': 2 });
    expect(green).toMatchObject({ requests: 1, errors: 0, open: 0 });
    expect(await stage().traffic(Date.now() + 5_000)).toEqual({ blue: noCounts, green: noCounts, missed: 0 });
  });
}

export function trafficContract(stage: () => Stage): void {
  test('a side that cannot be reached answers 502, and counts as an error and a failed connection', async () => {
    const { user, route, backends } = stage();
    await route({ active: 'blue' });
    await backends.blue.close();
    const replies = [await user(), await user({ method: 'POST', body: Buffer.alloc(200_000) })];
    expect(replies.map(({ status }) => status)).toEqual([502, 502]);
    const { blue } = await counted(stage(), { blue: 2 });
    expect(blue).toMatchObject({ requests: 2, errors: 2, connectFailures: 2, open: 0 });
  });

  test('a side that does not answer in time gives 504, and counts as an error', async () => {
    const { user, route } = stage();
    await route({ active: 'blue' });
    expect((await user({ path: '/delay/15000' })).status).toBe(504);
    const { blue } = await counted(stage(), { blue: 1 });
    expect(blue).toMatchObject({ requests: 1, errors: 1, connectFailures: 0, open: 0 });
  });

  test('times are right within a few percent', async () => {
    const { user, route } = stage();
    await route({ active: 'blue' });
    const delays = Array.from({ length: 100 }, (_, at) => (at < 90 ? 200 : 800));
    const seen = await inParallel(delays, 20, async (ms) => (await user({ path: `/delay/${ms}` })).ms);
    const { blue } = await counted(stage(), { blue: 100 });
    const sorted = seen.toSorted((a, b) => a - b);
    const service = delays.toSorted((a, b) => a - b);
    // Never less than the service needed, and never more than the users saw, who also wait for a busy machine.
    for (const [share, measured] of [
      [0.5, blue.p50Ms],
      [0.95, blue.p95Ms],
      [0.99, blue.p99Ms],
    ] as const) {
      const at = Math.ceil(share * sorted.length) - 1;
      expect(measured).toBeGreaterThan((service[at] ?? 0) * 0.95);
      expect(measured).toBeLessThan((sorted[at] ?? 0) * 1.05 + 5);
    }
  });

  test('what is in flight is counted as open on its side', async () => {
    const { user, route } = stage();
    await route({ active: 'blue' });
    const slow = [user({ path: '/delay/3000' }), user({ path: '/delay/3000' }), user({ path: '/delay/3000' })];
    await until(async () => (await stage().traffic(0)).blue.open === 3);
    await route({ active: 'green' });
    const during = await stage().traffic(0);
    expect([during.blue.open, during.green.open]).toEqual([3, 0]);
    await Promise.all(slow);
    await until(async () => (await stage().traffic(0)).blue.open === 0);
  });
}

/** A line of a log may come late. What must not be counted has come by then too: it was asked for before. */
async function counted(
  { traffic: counts }: Stage,
  desired: Readonly<Partial<Record<SlotName, number>>>,
): Promise<Traffic> {
  const slots = Object.entries(desired) as readonly (readonly [SlotName, number])[];
  await until(async () => {
    const traffic = await counts(0);
    return slots.every(([slot, count]) => traffic[slot].requests >= count && traffic[slot].open === 0);
  });
  await delay(100);
  return counts(0);
}
