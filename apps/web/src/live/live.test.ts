// Live updates over real HTTP: one reader for all, resumed after a break, no faster than a client reads, ended at the end.

import { afterEach, describe, expect, it } from 'vitest';
import { alice } from '../../../../test/support/stage.ts';
import { follow, type Served, type Stream, served } from '../testing/served.ts';
import type { HubLimits } from './hub.ts';

const opened: Served[] = [];
const streams: Stream[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.leave();
  for (const page of opened.splice(0)) {
    await page.close();
    await page.stage.strike();
  }
});

const key = 'target:shop/production';
const longMs = 30_000;

async function open(limits: Partial<HubLimits> = {}): Promise<Served> {
  const page = await served({}, { calmMs: 20, readMs: 200, ...limits });
  opened.push(page);
  return page;
}

function listen(page: Served, lastId?: string, keys: readonly string[] = [key]): Stream {
  const stream = follow(page.port, keys, lastId);
  streams.push(stream);
  return stream;
}

const lock = (page: Served, reason: string): void => {
  const engine = page.stage.open('locker');
  const done = engine.lock({ actor: alice, reason, forMs: 3_600_000 });
  if (!done.ok) throw new Error(done.refusal.sentence);
};
const arrived = (stream: Stream, text: string) =>
  expect.poll(() => stream.parts.some(({ html }) => html.includes(text)), { timeout: longMs }).toBe(true);

describe('live updates', { timeout: 120_000 }, () => {
  it('bring what changes, and only that', async () => {
    const page = await open();
    const stream = listen(page);
    await arrived(stream, 'shop/production');
    const before = stream.parts.length;
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(stream.parts.length).toBe(before);
    lock(page, 'a reason to look at');
    await arrived(stream, 'a reason to look at');
    expect(stream.parts.every((part) => part.key === key)).toBe(true);
  });

  it('go on after a break where they were', async () => {
    const page = await open();
    const first = listen(page);
    const witness = listen(page);
    await arrived(first, 'shop/production');
    await arrived(witness, 'shop/production');
    const lastId = first.parts.at(-1)?.id;
    first.leave();
    const same = listen(page, lastId);
    await expect.poll(() => same.text()).toContain('retry:');
    lock(page, 'while it was away');
    await arrived(same, 'while it was away');
    // What it had is not sent again.
    expect(same.parts[0]?.html).toContain('while it was away');
    const other = listen(page, 'another-process.99');
    await arrived(other, 'while it was away');
  });

  it('are read once for all clients', async () => {
    const page = await open();
    const all = Array.from({ length: 60 }, () => listen(page));
    for (const stream of all) await arrived(stream, 'shop/production');
    lock(page, 'for sixty readers');
    for (const stream of all) await arrived(stream, 'for sixty readers');
    // A part has one number, for all who get it.
    const ids = new Set(
      all.flatMap(({ parts }) => parts.filter(({ html }) => html.includes('for sixty')).map(({ id }) => id)),
    );
    expect(ids.size).toBeLessThanOrEqual(2);
  });

  it('turn clients away beyond the limit, and take others when one leaves', async () => {
    const page = await open({ mostClients: 3 });
    const inside = [listen(page), listen(page), listen(page)];
    for (const stream of inside) await arrived(stream, 'shop/production');
    const outside = listen(page);
    await outside.ended;
    expect(outside.text()).toContain('event: full');
    inside[0]?.leave();
    await expect
      .poll(
        async () => {
          const again = listen(page);
          await Promise.race([again.ended, arrived(again, 'shop/production').catch(() => undefined)]);
          return again.parts.length > 0;
        },
        { timeout: longMs },
      )
      .toBe(true);
  });

  it('beat, so that proxies keep the connection', async () => {
    const page = await open({ heartbeatMs: 100 });
    const stream = listen(page);
    await expect.poll(() => stream.text(), { timeout: longMs }).toContain(': beat');
  });

  it('end with the server, at once', async () => {
    const page = await open();
    const all = [listen(page), listen(page)];
    for (const stream of all) await arrived(stream, 'shop/production');
    opened.splice(0);
    await page.close();
    await Promise.all(all.map(({ ended }) => ended));
    await page.stage.strike();
  });
});
