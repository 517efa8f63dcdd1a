// The bot's HTTP entry point under many requests that prove nothing: real sockets, a real receiver of Bolt.

import { createHmac } from 'node:crypto';
import { type Log, silentLog, systemClock } from '@bg/engine';
import { expect, test } from 'vitest';
import type { BotEnvironment } from './environment.ts';
import { createReceiver } from './receiver.ts';

const secret = 'a-signing-secret-of-the-test';

test('3,000 of them get 429 and few lines in the log, and Slack is let in all the same', async () => {
  const began = Date.now();
  let lines = 0;
  let away = 0;
  const count = () => {
    lines += 1;
  };
  const log = { ...silentLog, warn: count, error: count } as Log;
  const environment = { signingSecret: secret, port: 0, host: '127.0.0.1' } as BotEnvironment;
  const door = createReceiver({
    environment,
    clientOptions: {},
    dispatcher: undefined,
    // It stands still: how much of the allowance comes back does not depend on how fast this machine is.
    clock: { ...systemClock, now: () => began, monotonic: () => 0 },
    log,
    onRejected: () => {
      away += 1;
    },
  });
  door.receiver.init({ processEvent: async ({ ack }: { ack: () => Promise<void> }) => ack() } as never);
  const port = await door.open(new AbortController().signal);
  const knock = async (body: string, key: string) => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = `v0=${createHmac('sha256', key).update(`v0:${timestamp}:${body}`).digest('hex')}`;
    const answer = await fetch(`http://127.0.0.1:${port}/slack/events`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': timestamp,
        'x-slack-signature': signature,
      },
    });
    await answer.arrayBuffer();
    return answer;
  };
  const statuses: number[] = [];
  for (let round = 0; round < 60; round += 1)
    for (const { status } of await Promise.all(Array.from({ length: 50 }, () => knock('command=%2Fdeploy', 'guess'))))
      statuses.push(status);
  const last = await knock('command=%2Fdeploy', 'guess');
  expect([last.status, last.headers.get('retry-after')]).toEqual([429, '1']);
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
  expect(statuses.filter((status) => status === 401)).toHaveLength(60);
  expect(lines).toBeLessThan(1_000);
  expect(away).toBeGreaterThanOrEqual(3_000);
  expect((await knock('command=%2Fdeploy&text=status', secret)).status).toBe(200);
  await door.close();
});
