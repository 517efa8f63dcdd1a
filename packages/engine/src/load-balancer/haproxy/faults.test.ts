// Faults around a real HAProxy: afterwards exactly one side serves, the one that was proved last.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../lib/testing/until.ts';
import { call, sideOf } from '../contract/user.ts';
import { createHaproxyBalancer } from './driver.ts';
import { placeOf } from './options.ts';
import { known, recall, signal } from './process.ts';
import { type HaproxyStage, haproxyStage, killHaproxy, routingOf } from './testing.ts';

let stage: HaproxyStage;
beforeEach(async () => {
  stage = await haproxyStage({ spec: { requestTimeoutMs: 1_000 } });
  await stage.balancer.ensure();
  await stage.balancer.apply(routingOf(1, { active: 'blue' }), 1);
});
afterEach(() => stage.dispose());

const place = () => placeOf(stage.options);
const mapFile = () => join(place().folder, 'routing.map');
const pid = () => recall(place().pidFile)?.pid;

describe('HAProxy', () => {
  test('killed at any moment of a switch comes back with one side, the one proved last or the one switched to', async () => {
    for (let generation = 2; generation < 10; generation++) {
      const active = generation % 2 === 0 ? 'green' : 'blue';
      const before = await stage.side();
      const switching = stage.balancer.apply(routingOf(generation, { active }), 1).then(
        () => 'followed',
        () => 'failed',
      );
      await delay(generation - 2);
      await killHaproxy(stage.options);
      const end = await switching;
      await stage.balancer.ensure();
      const after = await stage.side();
      expect(after).toBe(end === 'followed' ? active : before);
      if (end === 'failed') await stage.balancer.apply(routingOf(generation, { active }), 1);
      expect(await stage.side()).toBe(active);
    }
  });

  test('that is stopped by SIGSTOP is replaced, since it serves no user', async () => {
    const stopped = known(pid() ?? 0);
    if (stopped === undefined) throw new Error('HAProxy is not there');
    signal(stopped, 'SIGSTOP');
    await stage.balancer.ensure();
    expect(pid()).not.toBe(stopped.pid);
    expect(await stage.side()).toBe('blue');
  });

  test('after a reboot, with every process gone, serves as before, and the requests of before are gone', async () => {
    await stage.balancer.apply(routingOf(2, { active: 'green' }), 1);
    await stage.balancer.shutdown();
    rmSync(place().runtimeSocket, { force: true });
    await stage.balancer.ensure();
    expect(await stage.side()).toBe('green');
  });

  test('follows changed settings by handing its port over, without losing a request', async () => {
    const lost: unknown[] = [];
    let over = false;
    const users = Array.from({ length: 4 }, async () => {
      while (!over) await call(stage.balancer.entrypoints[0] ?? '').catch((thrown: unknown) => lost.push(thrown));
    });
    const before = pid();
    const changed = createHaproxyBalancer({
      ...stage.options,
      spec: { ...stage.options.spec, requestTimeoutMs: 2_000 },
    });
    await changed.ensure();
    await delay(300);
    over = true;
    await Promise.all(users);
    expect(lost).toEqual([]);
    expect(pid()).not.toBe(before);
    expect(await stage.side()).toBe('blue');
    await changed.apply(routingOf(2, { active: 'green' }), 1);
    expect(await stage.side()).toBe('green');
  });
});

describe('a change forward soon after a reload', () => {
  test('waits for the process before, which would answer one more request on an idle connection by the old routing', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const base = stage.balancer.entrypoints[0] ?? '';
    const kept = async () => sideOf(await call(base, { agent }));
    expect(await kept()).toBe('blue');
    const changed = createHaproxyBalancer({
      ...stage.options,
      spec: { ...stage.options.spec, requestTimeoutMs: 2_000 },
    });
    await changed.ensure();
    let settled = false;
    const switching = changed.apply(routingOf(2, { active: 'green' }), 1).then(() => {
      settled = true;
    });
    await delay(1_500);
    expect(settled).toBe(false);
    // The idle connection is answered once more, and ends with that answer; then nothing of the old process is left.
    expect(await kept()).toBe('blue');
    await switching;
    expect(await kept()).toBe('green');
    agent.destroy();
  });

  test('a change back does not wait', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await call(stage.balancer.entrypoints[0] ?? '', { agent });
    const changed = createHaproxyBalancer({
      ...stage.options,
      spec: { ...stage.options.spec, requestTimeoutMs: 2_000 },
    });
    await changed.ensure();
    const began = performance.now();
    await changed.apply(routingOf(2, { active: 'green' }), 1, { direction: 'back' });
    // Forward it would wait until the idle connection ends, 50 s.
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(await stage.side()).toBe('green');
    agent.destroy();
  });
});

describe('a file that is damaged', () => {
  test('while HAProxy runs, is written again from what HAProxy does', async () => {
    writeFileSync(mapFile(), 'routing 9:9:gr');
    await stage.balancer.ensure();
    expect(readFileSync(mapFile(), 'utf8')).toContain('routing 1:1:blue:');
    expect(readFileSync(`${mapFile()}.unreadable`, 'utf8')).toBe('routing 9:9:gr');
    await stage.balancer.apply(routingOf(2, { active: 'green' }), 1);
    expect(await stage.side()).toBe('green');
  });

  test('while HAProxy is dead, sends users to no side until the routing is put in place again', async () => {
    await killHaproxy(stage.options);
    writeFileSync(mapFile(), '\u0000\u0001');
    await stage.balancer.ensure();
    expect(await stage.side()).toBe('status 503');
    expect(await stage.balancer.observe()).toMatchObject([{ reachable: true, routing: { generation: 0 } }]);
    await stage.balancer.apply(routingOf(2, { active: 'blue' }), 1);
    expect(await stage.side()).toBe('blue');
  });

  test('as configuration of a HAProxy that runs, is written again, and HAProxy runs on', async () => {
    const before = [pid(), readFileSync(place().siteFile, 'utf8'), readFileSync(place().managedFile, 'utf8')];
    writeFileSync(place().siteFile, 'backend {');
    writeFileSync(place().managedFile, 'global {');
    await stage.balancer.ensure();
    expect([pid(), readFileSync(place().siteFile, 'utf8'), readFileSync(place().managedFile, 'utf8')]).toEqual(before);
    expect(await stage.side()).toBe('blue');
  });

  test('as configuration, is written again', async () => {
    await killHaproxy(stage.options);
    writeFileSync(place().siteFile, 'backend {');
    await stage.balancer.ensure();
    expect(await stage.side()).toBe('blue');
  });
});

describe('a routing that cannot be written', () => {
  test('is refused and not followed', async () => {
    mkdirSync(join(place().folder, 'lease-1', 'routing.map'), { recursive: true });
    await expect(stage.balancer.apply(routingOf(2, { active: 'green' }), 1)).rejects.toMatchObject({
      code: 'balancer-unsettled',
      message: expect.stringContaining('cannot write the routing'),
    });
    expect(await stage.side()).toBe('blue');
    expect(await stage.balancer.observe()).toMatchObject([{ routing: { generation: 1, active: 'blue' } }]);
  });
});

describe('a routing changed by hand', () => {
  test('is seen as it is', async () => {
    await say(`set map ${mapFile()} routing 1:1:green:none:0:none:none`);
    expect(await stage.side()).toBe('green');
    expect(await stage.balancer.observe()).toMatchObject([{ routing: { generation: 1, active: 'green' } }]);
    await say(`clear map ${mapFile()}`);
    expect(await stage.balancer.observe()).toMatchObject([
      { reachable: true, routing: undefined, problem: 'the entry in the map is not a routing of this system' },
    ]);
  });
});

describe('requests', () => {
  test('are still counted while no engine runs, and what a dead collector missed is reported', async () => {
    for (let count = 0; count < 5; count++) await stage.side();
    await until(async () => (await stage.balancer.traffic(0)).blue.requests === 5);
    // The balance is taken every two seconds.
    await delay(4_000);
    const collector = execFileSync('pgrep', ['-f', place().collector.spec]).toString().trim();
    process.kill(Number(collector), 'SIGKILL');
    for (let count = 0; count < 7; count++) await stage.side();
    await createHaproxyBalancer(stage.options).ensure();
    await until(async () => {
      const { blue, missed } = await stage.balancer.traffic(0);
      // The log retains earlier lines, and HAProxy stores lines while no collector listens; lost ones count as missed.
      return blue.requests + missed === 12;
    });
  });

  test('can be followed by the id that the service saw', async () => {
    const base = stage.balancer.entrypoints[0] ?? '';
    await call(base, { headers: { 'x-request-id': 'trace-me.42' } });
    expect(stage.backends.blue.lastHeaders()['x-request-id']).toBe('trace-me.42');
    await call(base, { headers: { 'x-request-id': 'not safe" or short' } });
    const made = String(stage.backends.blue.lastHeaders()['x-request-id']);
    expect(made).toMatch(/^[0-9a-f-]{36}$/);
    await until(async () => {
      const log = readFileSync(place().accessLog, 'utf8');
      return log.includes(' trace-me.42 ') && log.includes(` ${made} `);
    });
  });
});

describe('WebSockets left on the old side', () => {
  test('are closed one by one over the configured time, and those of the new side stay', async () => {
    await stage.dispose();
    stage = await haproxyStage({ spec: { requestTimeoutMs: 1_000, drainSpreadMs: 3_000 } });
    await stage.balancer.ensure();
    await stage.balancer.apply(routingOf(1, { active: 'blue' }), 1);
    const closedAt: number[] = [];
    const open = () =>
      new Promise<WebSocket>((resolve, reject) => {
        const socket = new WebSocket((stage.balancer.entrypoints[0] ?? '').replace('http', 'ws'));
        socket.addEventListener('open', () => resolve(socket));
        socket.addEventListener('error', reject);
      });
    const old = await Promise.all(Array.from({ length: 6 }, open));
    for (const socket of old) socket.addEventListener('close', () => closedAt.push(performance.now()));
    await delay(2_500);
    await stage.balancer.apply(routingOf(2, { active: 'green' }), 1);
    const candidate = await open();
    let candidateClosed = false;
    candidate.addEventListener('close', () => {
      candidateClosed = true;
    });
    await until(async () => closedAt.length === 6);
    expect((closedAt.at(-1) ?? 0) - (closedAt[0] ?? 0)).toBeGreaterThan(1_000);
    expect(candidateClosed).toBe(false);
    expect((await stage.balancer.traffic(0)).green.open).toBe(1);
    candidate.close();
  });
});

/** As a person at the runtime socket would. */
function say(command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(place().runtimeSocket, () => socket.write(`${command}\n`));
    socket.on('error', reject).on('data', () => {});
    socket.on('close', () => resolve());
  });
}
