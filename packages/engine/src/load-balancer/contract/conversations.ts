// Connections that last longer than a switch: each stays with the side that it began with, until it ends by itself.

import { createHash, randomBytes } from 'node:crypto';
import { get } from 'node:http';
import { expect, test } from 'vitest';
import { until } from '../../lib/testing/until.ts';
import type { Stage } from './stage.ts';
import { beginCall, sideOf } from './user.ts';

export function conversationContract(stage: () => Stage): void {
  const openOnBlue = (count: number) => until(async () => (await stage().traffic(0)).blue.open === count);

  test('a POST that is still being sent during a switch is completed by the side it began with', async () => {
    await stage().route({ active: 'blue' });
    const body = randomBytes(100_000);
    const { outgoing, reply } = beginCall(stage().base, { method: 'POST' });
    outgoing.write(body.subarray(0, 40_000));
    await openOnBlue(1);
    await stage().route({ active: 'green' });
    expect(sideOf(await stage().user())).toBe('green');
    outgoing.end(body.subarray(40_000));
    const { slot, bytes, sha256 } = JSON.parse((await reply).body);
    expect({ slot, bytes, sha256 }).toEqual({
      slot: 'blue',
      bytes: body.length,
      sha256: createHash('sha256').update(body).digest('hex'),
    });
  });

  test('an answer that takes long is completed by the side it began with', async () => {
    await stage().route({ active: 'blue' });
    const slow = stage().user({ path: '/delay/1000' });
    await openOnBlue(1);
    await stage().route({ active: 'green' });
    expect(sideOf(await slow)).toBe('blue');
  });

  test('a WebSocket stays with its side through a switch', async () => {
    await stage().route({ active: 'blue' });
    const talk = await openWebSocket(stage().base);
    expect(await talk.say('before')).toBe('blue: before');
    await stage().route({ active: 'green' });
    expect(await talk.say('after')).toBe('blue: after');
    const candidate = await openWebSocket(stage().base);
    expect(await candidate.say('hello')).toBe('green: hello');
    const { blue, green } = await stage().traffic(0);
    expect([blue.open, green.open]).toEqual([1, 1]);
    talk.close();
    candidate.close();
  });

  test('events arrive one by one, and go on through a switch', async () => {
    await stage().route({ active: 'blue' });
    const events: string[] = [];
    const stream = get(`${stage().base}/events`, (answer) => {
      answer.setEncoding('utf8').on('data', (text: string) => events.push(...text.split('\n\n').filter(Boolean)));
    });
    stream.on('error', () => {});
    await until(() => events.length >= 2);
    await stage().route({ active: 'green' });
    const atSwitch = events.length;
    await until(() => events.length >= atSwitch + 5);
    stream.destroy();
    expect(events).toEqual(events.map((_, at) => `data: blue ${at + 1}`));
    await openOnBlue(0);
  });
}

interface Talk {
  say(text: string): Promise<string>;
  close(): void;
}

async function openWebSocket(base: string): Promise<Talk> {
  const socket = new WebSocket(base.replace('http', 'ws'));
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error('the WebSocket was not opened')), { once: true });
  });
  return {
    say: (text) =>
      new Promise((resolve, reject) => {
        socket.addEventListener('message', ({ data }) => resolve(String(data)), { once: true });
        socket.addEventListener('close', () => reject(new Error('the WebSocket was closed')), { once: true });
        socket.send(text);
      }),
    close: () => socket.close(),
  };
}
