// A driver that lost its lease and does not know it yet, asleep at every moment of its write and woken after another took
// over. Asleep is a real process with SIGSTOP; each moment is chosen by a breakpoint that it reaches by itself.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Routing } from '../../domain/routing.ts';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { freePort } from '../../lib/testing/ports.ts';
import type { CountingBalancer } from '../capabilities.ts';
import { type Backend, startBackend } from '../contract/backend.ts';
import { call, sideOf } from '../contract/user.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { createHaproxyBalancer } from './driver.ts';
import type { HaproxyOptions } from './options.ts';
import { placeOf } from './options.ts';
import { createRoutingFile } from './routing-file.ts';
import { type SleeperOrder, sleeperMoments } from './testing-sleeper.ts';

let folder: string;
let backends: { readonly blue: Backend; readonly green: Backend };
let options: HaproxyOptions;
let balancer: CountingBalancer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bg-fence-'));
  backends = { blue: await startBackend('blue'), green: await startBackend('green') };
  options = {
    spec: specOf(await freePort()),
    settings: { mode: 'managed', program: 'haproxy', tls: undefined },
    folder,
    node: process.execPath,
    clock: systemClock,
    log: silentLog,
  };
  balancer = createHaproxyBalancer(options);
  await balancer.ensure();
  await balancer.apply(routing(1, 'blue'), 6);
});
afterEach(async () => {
  await balancer.shutdown();
  await Promise.all([backends.blue.close(), backends.green.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const routing = (generation: number, active: 'blue' | 'green'): Routing => ({
  generation,
  active,
  canary: undefined,
  preview: undefined,
});

function specOf(port: number): BalancerSpec {
  const upstream = (backend: Backend) => [{ host: '127.0.0.1', port: backend.port }] as const;
  return {
    service: 'shop',
    target: 'production',
    listen: { host: '127.0.0.1', port },
    upstreams: { blue: upstream(backends.blue), green: upstream(backends.green) },
    sticky: { by: 'cookie', name: 'bg_bucket' },
    preview: undefined,
    allow: undefined,
    requestTimeoutMs: 5_000,
    drainSpreadMs: 0,
  };
}

const wordOnDisk = () =>
  readFileSync(join(placeOf(options).folder, 'routing.map'), 'utf8')
    .trim()
    .split('\n')
    .at(-1);

describe.each(sleeperMoments)('a driver asleep %s', (moment) => {
  test('changes nothing when it wakes after another has taken over', async () => {
    const sleeper = startSleeper({ moment, spec: options.spec, folder, routing: routing(2, 'green'), fence: 6 });
    await sleeper.asleep;
    await balancer.apply(routing(3, 'blue'), 7);
    const before = [wordOnDisk(), JSON.stringify(await balancer.observe())];
    const end = await sleeper.wake();
    expect(end).toMatch(/^(fenced-out|balancer-unreachable|balancer-stale-generation)$/);
    expect([wordOnDisk(), JSON.stringify(await balancer.observe())]).toEqual(before);
    expect(sideOf(await call(balancer.entrypoints[0] ?? ''))).toBe('blue');
    // The next change works as usual.
    await balancer.apply(routing(4, 'green'), 7);
    expect(sideOf(await call(balancer.entrypoints[0] ?? ''))).toBe('green');
    expect(wordOnDisk()).toContain('4:7:green');
  });

  test('changes nothing when HAProxy was killed and started again in between', async () => {
    const sleeper = startSleeper({ moment, spec: options.spec, folder, routing: routing(2, 'green'), fence: 6 });
    await sleeper.asleep;
    await balancer.shutdown();
    await balancer.ensure();
    await balancer.apply(routing(3, 'blue'), 7);
    expect(await sleeper.wake()).toMatch(/^(fenced-out|balancer-unreachable|balancer-stale-generation)$/);
    expect(sideOf(await call(balancer.entrypoints[0] ?? ''))).toBe('blue');
    expect(wordOnDisk()).toContain('3:7:blue');
  });
});

describe('the folder of a lease', () => {
  test('is removed by the next, so that the earlier lease cannot move its file into place', () => {
    const place = join(folder, 'leases');
    mkdirSync(place);
    const file = createRoutingFile(place);
    file.claim(6);
    const late = file.write({ routing: routing(2, 'green'), fence: 6 });
    file.claim(7);
    expect(readdirSync(place)).toEqual(['lease-7']);
    expect(() => late.moveIntoPlace()).toThrow(expect.objectContaining({ code: 'fenced-out' }));
    expect(() => file.claim(6)).toThrow(expect.objectContaining({ code: 'fenced-out' }));
    expect(() => file.write({ routing: routing(2, 'green'), fence: 6 })).toThrow(
      expect.objectContaining({ code: 'fenced-out' }),
    );
    expect(file.read()).toBeUndefined();
  });
});

function startSleeper(order: SleeperOrder) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'testing-sleeper.ts'), JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const asleep = (async () => {
    for (let looks = 0; looks < 1_000; looks++) {
      if (said.includes('asleep\n') && stateOf(child.pid) === 'T') return;
      if (child.exitCode !== null) throw new Error(`the sleeper ended before its moment: ${said}`);
      await delay(10);
    }
    throw new Error(`the sleeper never slept: ${said}`);
  })();
  return {
    asleep,
    wake: async () => {
      child.kill('SIGCONT');
      await closed;
      return said.trim().split('\n').at(-1) ?? '';
    },
  };
}

const stateOf = (pid: number | undefined): string =>
  readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.charAt(0) ?? '';
