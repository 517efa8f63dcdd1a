// The fence at nginx itself: a driver in a separate process is stopped at the worst moments, another takes over and
// switches, and the first is woken. Whatever it was about to do must fail, on the disk and not only in the database.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Routing } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { freePort } from '../../lib/testing/ports.ts';
import type { CountingBalancer } from '../capabilities.ts';
import { type Backend, startBackend } from '../contract/backend.ts';
import { call, sideOf } from '../contract/user.ts';
import { createNginxBalancer } from './driver.ts';

const entry = join(import.meta.dirname, 'testing-driver.ts');
let folder: string;
let backends: readonly Backend[];
let options: Parameters<typeof createNginxBalancer>[0];
let balancer: CountingBalancer;
let generation = 0;
let fence = 0;

const routing = (active: SlotName): Routing => ({
  generation: ++generation,
  active,
  canary: undefined,
  preview: undefined,
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bg-fence-'));
  const [blue, green] = [await startBackend('blue'), await startBackend('green')];
  backends = [blue, green];
  const host = '127.0.0.1';
  options = {
    spec: {
      service: 'shop',
      target: 'production',
      listen: { host, port: await freePort() },
      upstreams: { blue: [{ host, port: blue.port }], green: [{ host, port: green.port }] },
      sticky: { by: 'address', name: '' },
      preview: undefined,
      allow: undefined,
      requestTimeoutMs: 5_000,
      drainSpreadMs: 0,
    },
    settings: { mode: 'managed', program: 'nginx', tls: undefined },
    folder,
    clock: systemClock,
    log: silentLog,
  };
  balancer = createNginxBalancer(options);
  await balancer.ensure();
});

afterAll(async () => {
  await balancer.shutdown();
  await Promise.all(backends.map((backend) => backend.close()));
  rmSync(folder, { recursive: true, force: true });
});

/** Every call that changes something on the disk, from the first to the last. */
const worstMoments: readonly (readonly [stopBefore: string, what: string])[] = [
  ['mkdirSync:1', 'before it takes its lease'],
  ['readdirSync:1', 'after it took its lease, before it looks around'],
  ['readdirSync:2', 'while it takes older leases away'],
  ['readlinkSync:1', 'before it reads the generation in force'],
  ['mkdirSync:2', 'before it writes its generation'],
  ['symlinkSync:1', 'while it writes its generation'],
  ['symlinkSync:6', 'before it makes the link that is to be put in place'],
  ['renameSync:1', 'before it puts the link in place'],
];

describe('a driver that is woken after another took over', () => {
  test.each(worstMoments)('stopped at %s (%s) changes nothing', async (stopBefore) => {
    await balancer.apply(routing('blue'), ++fence);
    // With a generation beyond all others: only the fence can stop it.
    const far = { ...routing('green'), generation: generation + 1_000 };
    const sleeper = startDriver({ routing: far, fence: ++fence, stopBefore });
    await stopped(sleeper.process);

    await balancer.apply(routing('blue'), ++fence);
    expect(sideOf(await call(balancer.entrypoints[0] ?? ''))).toBe('blue');
    const before = await balancer.observe();

    sleeper.process.kill('SIGCONT');
    expect(await sleeper.ended).toMatch(/^fenced-out: /);
    expect(await balancer.observe()).toEqual(before);
    expect(sideOf(await call(balancer.entrypoints[0] ?? ''))).toBe('blue');
  });

  test('and was not overtaken, finishes its work', async () => {
    await balancer.apply(routing('blue'), ++fence);
    const sleeper = startDriver({ routing: routing('green'), fence: ++fence, stopBefore: 'renameSync:1' });
    await stopped(sleeper.process);
    sleeper.process.kill('SIGCONT');
    expect(await sleeper.ended).toBe('applied\n');
    expect(sideOf(await call(balancer.entrypoints[0] ?? ''))).toBe('green');
  });

  test('may have switched before the other began: the other sees it and must go beyond', {
    timeout: 60_000,
  }, async () => {
    await balancer.apply(routing('blue'), ++fence);
    const known = generation;
    const late = startDriver({ routing: routing('green'), fence: ++fence, stopBefore: 'rmdirSync:99' });
    expect(await late.ended).toBe('applied\n');
    const next = ++fence;
    const blind: Routing = {
      generation: known + 1,
      active: 'blue',
      canary: { slot: 'green', percent: 5 },
      preview: undefined,
    };
    await expect(balancer.apply(blind, next)).rejects.toMatchObject({ code: 'balancer-stale-generation' });
    await balancer.apply(routing('blue'), next);
    expect(sideOf(await call(balancer.entrypoints[0] ?? ''))).toBe('blue');
  });
});

interface Sleeper {
  readonly process: ChildProcess;
  /** What it printed. */
  readonly ended: Promise<string>;
}

function startDriver(order: {
  readonly routing: Routing;
  readonly fence: number;
  readonly stopBefore: string;
}): Sleeper {
  const { spec, settings } = options;
  const argument = JSON.stringify({ ...order, options: { spec, settings, folder } });
  const child = spawn(process.execPath, [entry, argument], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  return { process: child, ended: new Promise((resolve) => child.once('close', () => resolve(printed))) };
}

async function stopped({ pid }: ChildProcess): Promise<void> {
  for (let looks = 0; looks < 1_000; looks++) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    if (stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) === 'T') return;
    await systemClock.sleep(20);
  }
  throw new Error('the driver did not stop itself where it was told to');
}
