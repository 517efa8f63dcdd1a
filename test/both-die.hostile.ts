// Controller and balancer are killed at one moment while users ask: the balancer's watcher opens a listener before the
// next controller has the lease. If the watcher dies too, the next controller starts it without waiting for the lease.

import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterEach, expect, it, vi } from 'vitest';
import { startDriver } from './support/drivers.ts';
import { deployed, eventually, type Stage, setStage } from './support/stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let stage: Stage;
afterEach(() => stage?.strike());

const pause = (ms: number) => new Promise<void>((wake) => setTimeout(wake, ms));
const folder = () => join(stage.settings.stateFolder, 'proxy');

function proxyPid(): Promise<number> {
  const socketPath = join(folder(), readdirSync(folder()).find((name) => name.endsWith('.sock')) ?? '');
  return new Promise((resolve, reject) => {
    request({ socketPath, path: '/routing' }, (answer) =>
      json(answer).then((said) => resolve((said as { pid: number }).pid), reject),
    )
      .on('error', reject)
      .end();
  });
}

interface Story {
  readonly sent: number;
  readonly lost: number;
  readonly withoutListenerMs: number;
}

/** Four users, each with a connection, who ask every 10 ms until `over` and every request has its end. */
async function users(front: string, over: () => boolean): Promise<Story> {
  const agent = new Agent({ keepAlive: true });
  let [sent, lost, longest] = [0, 0, 0];
  let answeredAt = performance.now();
  const ask = () =>
    new Promise<boolean>((resolve) => {
      request(`${front}/api/products`, { agent, timeout: 5_000 }, (answer) => {
        answer
          .resume()
          .on('end', () => resolve(answer.statusCode === 200))
          .on('error', () => resolve(false));
      })
        .on('error', () => resolve(false))
        .on('timeout', function (this: ReturnType<typeof request>) {
          this.destroy(new Error('too late'));
        })
        .end();
    });
  const user = async () => {
    while (!over() && sent < 40_000) {
      sent += 1;
      if (await ask()) {
        longest = Math.max(longest, performance.now() - answeredAt);
        answeredAt = performance.now();
      } else lost += 1;
      await pause(10);
    }
  };
  await Promise.all([user(), user(), user(), user()]);
  agent.destroy();
  return { sent, lost, withoutListenerMs: Math.round(longest) };
}

const watcher = (): number =>
  Number((JSON.parse(readFileSync(join(folder(), 'proxy.watcher'), 'utf8')) as { pid: number }).pid);

/** Whether another controller waits for the lease, and whether the watcher dies too. */
it.each([
  ['nothing but the watcher lives', { another: false, watcherToo: false }],
  ['another driver waits', { another: true, watcherToo: false }],
  ['the watcher dies too, and another driver waits', { another: true, watcherToo: true }],
])('users have a listener again: %s', async (name, { another, watcherToo }) => {
  stage = await setStage({ target: '        canary: []\n        bake: 1s\n' });
  const engine = stage.open('observer');
  const first = startDriver(stage, 'first');
  await deployed(engine, 'v1.0');
  const second = another ? startDriver(stage, 'second') : undefined;
  const before = await proxyPid();
  let over = false;
  const asking = users(stage.front, () => over);
  await pause(second === undefined ? 500 : 2_000);
  if (watcherToo) process.kill(watcher(), 'SIGKILL');
  process.kill(before, 'SIGKILL');
  await first.kill('SIGKILL');
  for (let looks = 0; looks < 600 && (await proxyPid().catch(() => before)) === before; looks += 1) await pause(50);
  await pause(500);
  over = true;
  const { sent, lost, withoutListenerMs } = await asking;
  console.log(`${name}: ${withoutListenerMs} ms without an answer; ${sent} requests, ${lost} lost`);
  expect(withoutListenerMs).toBeLessThan(20_000);
  const next = second ?? startDriver(stage, 'next');
  const rows = () => engine.audit.after(0, 10_000).filter(({ action }) => action === 'balancer-restarted');
  await eventually(() => rows().length > 0, 30_000);
  expect(rows()).toHaveLength(1);
  await next.kill('SIGTERM');
});

it('a killed HAProxy has no watcher: the next controller starts it, and does not wait for the dead one', async () => {
  stage = await setStage({ target: '        canary: []\n        bake: 1s\n', balancer: 'haproxy' });
  const engine = stage.open('observer');
  const first = startDriver(stage, 'first');
  await deployed(engine, 'v1.0');
  const second = startDriver(stage, 'second');
  const record = join(stage.settings.stateFolder, 'haproxy/shop.production/haproxy.pid.json');
  const pid = (): number => Number((JSON.parse(readFileSync(record, 'utf8')) as { pid: number }).pid);
  const before = pid();
  let over = false;
  const asking = users(stage.front, () => over);
  await pause(2_000);
  process.kill(before, 'SIGKILL');
  await first.kill('SIGKILL');
  await eventually(() => pid() !== before, 60_000);
  await pause(500);
  over = true;
  const { sent, lost, withoutListenerMs } = await asking;
  console.log(
    `HAProxy, another driver waits: ${withoutListenerMs} ms without an answer; ${sent} requests, ${lost} lost`,
  );
  expect(withoutListenerMs).toBeLessThan(20_000);
  await second.kill('SIGTERM');
});
