// Pages to a test pager over real HTTP: what it gets, once, whatever it answers.

import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { advanceDeployment } from '../../state/deployments.ts';
import { acquireLease } from '../../state/leases.ts';
import { putSnapshot, slotKey } from '../../state/snapshots.ts';
import { setSlot } from '../../state/targets.ts';
import { aWhile, eventually, type Newsroom, openNewsroom } from '../testing/news.ts';
import { type PagerAnswer, startPager } from '../testing/pager.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const key = 'integration-key-0123456789';
const signing = `whsec_${Buffer.from('a signing secret of 32 bytes....').toString('base64')}`;

async function setUp(answers: (PagerAnswer | undefined)[] = [], driver = 'pagerduty') {
  const pager = await startPager(answers);
  opened.push(pager);
  const lines: string[] = [];
  const secret = driver === 'pagerduty' ? key : signing;
  const room = openNewsroom({
    notify: `{ link: "https://wiki.example.com/deploys", pages: [{ name: on-call, driver: ${driver}, url: "${pager.url}", secret: "\${PAGER_SECRET}" }] }`,
    environment: { PAGER_SECRET: secret },
    log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
  });
  opened.push(room);
  return { pager, room, lines };
}

const waits = (room: Newsroom) => room.engine.outbox.waiting('page:on-call');
const dropped = (room: Newsroom) => room.audited().filter((action) => action === 'page-dropped');

describe('PagerDuty', () => {
  it('is called when a deployment halts, and notified when the next one is live', async () => {
    const { pager, room } = await setUp();
    room.notify();
    room.ends({ id: 'd1', outcome: 'halted', sentence: 'needs a person: promote could not be undone' });
    await eventually(() => pager.pages.length === 1);
    expect(pager.pages[0]?.body).toMatchObject({
      routing_key: key,
      event_action: 'trigger',
      dedup_key: 'bluegreen/shop/production/halted',
      client_url: 'https://wiki.example.com/deploys',
      payload: {
        summary: 'shop: v2.1 halted and needs a person',
        source: 'shop/production',
        severity: 'error',
        class: 'halted',
        custom_details: { why: 'needs a person: promote could not be undone', version: 'v2.1', before: 'v2.0' },
      },
    });
    room.ends({ id: 'd2', outcome: 'promoted', version: 'v2.2' });
    await eventually(() => pager.pages.length === 2);
    expect(pager.pages[1]?.body).toMatchObject({
      event_action: 'resolve',
      dedup_key: 'bluegreen/shop/production/halted',
    });
    room.ends({ id: 'd3', outcome: 'promoted', version: 'v2.3' });
    await aWhile(2_500);
    expect(pager.pages).toHaveLength(2);
  });

  it('is called when one person approves alone, and notified at the end of that deployment, however it ends', async () => {
    const { pager, room } = await setUp();
    room.notify();
    room.begins('d1');
    const event = { service: 'shop', target: 'production', actor: 'person:bob', deploymentId: 'd1' } as const;
    room.store.write((tx) =>
      tx.audit({
        ...event,
        action: 'glass-broken',
        sentence: 'bob approves v2.1 alone: outage',
        detail: { reason: 'outage', needed: 2 },
      }),
    );
    await eventually(() => pager.pages.length === 1);
    expect(pager.pages[0]?.body).toMatchObject({
      event_action: 'trigger',
      dedup_key: 'bluegreen/shop/production/break-glass',
      payload: { summary: 'shop: bob approves v2.1 alone: outage' },
    });
    room.store.write((tx) => {
      const change = { phase: 'finished', outcome: 'aborted', causeCode: 'given-up', finishedAt: tx.now } as const;
      advanceDeployment(tx, 'd1', change);
      const detail = { outcome: 'aborted', version: 'v2.1' } as const;
      tx.audit({ ...event, action: 'deployment-finished', code: 'given-up', sentence: 'aborted by bob', detail });
    });
    await eventually(() => pager.pages.length === 2);
    expect(pager.pages[1]?.body).toMatchObject({
      event_action: 'resolve',
      dedup_key: 'bluegreen/shop/production/break-glass',
    });
  });

  it('is called again after 429, 500 and no answer at all, as the pager asks', async () => {
    const { pager, room, lines } = await setUp([
      { status: 429, headers: { 'retry-after': '4' } },
      { status: 500, body: `{"message":"no ${key}"}` },
      undefined,
    ]);
    room.notify();
    room.ends({ id: 'd1', outcome: 'failed', mode: 'rollback', version: 'v1.9' });
    await eventually(() => pager.pages.length === 1);
    room.clock.advance(60_000);
    await aWhile(2_000);
    expect(pager.pages).toHaveLength(1);
    await eventually(() => {
      room.clock.advance(1_000);
      return pager.pages.length === 4;
    });
    await eventually(() => waits(room) === 0);
    const keys = pager.pages.map(({ body }) => body.dedup_key);
    expect(keys).toEqual(Array(4).fill('bluegreen/shop/production/rollback-failed'));
    expect(lines.join('')).toContain('gave no answer within 10 s');
    expect(lines.join('')).not.toContain(key);
    expect(dropped(room)).toEqual([]);
  }, 120_000);

  it('that refuses is given up, and reported once', async () => {
    const { pager, room } = await setUp([{ status: 400, body: '{"message":"Event object is invalid"}' }]);
    room.notify();
    room.ends({ id: 'd1', outcome: 'halted' });
    await eventually(() => dropped(room).length === 1);
    await aWhile();
    expect([pager.pages.length, dropped(room).length, waits(room)]).toEqual([1, 1, 0]);
    const row = room.engine.audit.after(0, 99).find(({ action }) => action === 'page-dropped');
    expect(row).toMatchObject({ service: 'shop', target: 'production', deploymentId: 'd1', code: 'halted' });
    expect(row?.sentence).toContain('Event object is invalid');
    expect(JSON.stringify(row)).not.toContain(key);
  });

  it('that is away is given up after a day', async () => {
    const { pager, room } = await setUp();
    await pager.close();
    room.notify();
    room.ends({ id: 'd1', outcome: 'halted' });
    await eventually(() => waits(room) === 1);
    room.clock.advance(86_400_000 + 60_000);
    await eventually(() => dropped(room).length === 1);
    expect(waits(room)).toBe(0);
  });
});

describe('a webhook', () => {
  it('is signed, so that a receiver with the secret can see it is ours; the same news has the same id', async () => {
    const { pager, room } = await setUp([{ status: 503 }], 'webhook');
    room.notify();
    room.ends({ id: 'd1', outcome: 'halted' });
    await eventually(() => pager.pages.length === 1 && waits(room) === 1);
    room.clock.advance(60_000);
    await eventually(() => pager.pages.length === 2);
    const [first, second] = pager.pages;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    const headers = first?.headers as Record<string, string>;
    expect(new Webhook(signing).verify(first?.raw ?? '', headers)).toMatchObject({
      type: 'bluegreen.page.triggered',
      data: { trouble: 'halted', service: 'shop', link: 'https://wiki.example.com/deploys' },
    });
    expect(() => new Webhook(signing).verify(`${first?.raw} `, headers)).toThrow();
  });
});

describe('both sides ill', () => {
  it('is seen in the health of the slots, while a controller runs', async () => {
    const { pager, room } = await setUp();
    const { store, clock } = room;
    const shop = { service: 'shop', target: 'production' };
    const healthOf = (condition: 'healthy' | 'unhealthy') =>
      store.note((db, now) => {
        for (const slot of ['blue', 'green'] as const)
          putSnapshot(
            db,
            slotKey(shop, slot),
            { deploymentId: null, version: 'v2.1', state: { condition, problem: 'status 503' }, proof: undefined },
            now,
          );
      });
    store.write((tx) => {
      setSlot(tx, shop, 'blue', { role: 'active', version: 'v2.1', digest: 'd' });
      setSlot(tx, shop, 'green', { role: 'standby', version: 'v2.1', digest: 'd' });
      tx.audit({ actor: 'engine', action: 'resumed', ...shop, sentence: 'there it is' });
    });
    const driven = () =>
      store.note((db) => acquireLease(db, { name: 'driver', holder: 'driver', configDigest: '', clock }));
    healthOf('unhealthy');
    room.notify();
    await aWhile(2_500);
    clock.advance(20_000);
    await aWhile(2_500);
    expect(pager.pages).toEqual([]);
    driven();
    await aWhile(2_500);
    clock.advance(11_000);
    driven();
    await eventually(() => pager.pages.length === 1);
    expect(pager.pages[0]?.body).toMatchObject({
      event_action: 'trigger',
      dedup_key: 'bluegreen/shop/production/both-sides-ill',
      payload: { severity: 'critical', custom_details: { blue: expect.stringContaining('unhealthy: status 503') } },
    });
    healthOf('healthy');
    driven();
    await aWhile(2_500);
    clock.advance(61_000);
    driven();
    await eventually(() => pager.pages.length === 2);
    expect(pager.pages[1]?.body).toMatchObject({ event_action: 'resolve' });
  });
});
