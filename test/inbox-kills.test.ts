// The receiver killed under load: whatever it answered is there, and nothing is there twice. The bench does it ten times.

import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { deliveryId } from '../bench/webhook/deliveries.ts';
import { keptRows, waitingRows } from '../bench/webhook/kept.ts';
import { type Load, startLoad } from '../bench/webhook/load.ts';
import { freshGround, type Ground, type Receiver, startReceiver } from '../bench/webhook/receiver.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

let ground: Ground;
let receiver: Receiver;
let load: Load;

beforeAll(async () => {
  ground = await freshGround();
  load = startLoad();
  receiver = await startReceiver(ground, 'durable');
});
afterAll(async () => {
  load.end();
  await receiver.kill();
  await ground.remove();
});

it('killed three times under load, it has every delivery that it answered, each once, and works on all of them', async () => {
  const seconds = 10;
  const sending = { port: ground.port, secret: ground.secret, connections: 24, perSecond: 300, isPatient: true };
  const sent = load.send({ ...sending, seconds, first: 1 });
  for (let kill = 0; kill < 3; kill += 1) {
    await delay(1_000 + Math.random() * 1_000);
    await receiver.kill();
    receiver = await startReceiver(ground, 'durable');
  }
  const { answered, unanswered, next } = await sent;
  const end = Date.now() + 60_000;
  while (waitingRows(ground.state) > 0 && Date.now() < end) await delay(100);
  await receiver.stop();
  const rows = keptRows(ground.state);
  const accepted = answered.filter(([, status]) => status === 202 || status === 200);
  expect([unanswered, accepted.length]).toEqual([[], next - 1]);
  expect(accepted.filter(([number]) => !rows.ids.has(deliveryId(number)))).toEqual([]);
  expect(rows).toMatchObject({ rows: next - 1, different: next - 1, waiting: 0, isSound: true });
});
