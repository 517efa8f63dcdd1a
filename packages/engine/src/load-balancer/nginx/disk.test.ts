// The routing is files: what happens after a change by hand, a fault or a full disk.

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../lib/testing/until.ts';
import type { CountingBalancer } from '../capabilities.ts';
import { sideOf } from '../contract/user.ts';
import { masterOf, workersOf } from './process-of.ts';
import { type NginxStage, nginxStage, routed } from './testing-stage.ts';

let stage: NginxStage;
let balancer: CountingBalancer;
beforeEach(async () => {
  stage = await nginxStage();
  balancer = stage.balancer();
  await balancer.ensure();
  await balancer.apply(routed(1, { active: 'blue' }), 1);
});
afterEach(() => stage.end());

const inRouting = (...parts: readonly string[]) => join(stage.places.routing, ...parts);
const current = () => inRouting(readlinkSync(inRouting('current')));

describe('a routing that cannot be written', () => {
  async function refusesAndStays(): Promise<void> {
    await expect(balancer.apply(routed(2, { active: 'green' }), 1)).rejects.toMatchObject({
      code: 'disk-full',
      message: expect.stringMatching(/the disk of .* is full/),
    });
    expect(await balancer.observe()).toMatchObject([{ reachable: true, routing: routed(1, { active: 'blue' }) }]);
    expect(sideOf(await stage.user())).toBe('blue');
  }

  test('is refused, and the one before stays: its folder is no folder', async () => {
    renameSync(inRouting('tables'), inRouting('tables-before'));
    writeFileSync(inRouting('tables'), '');
    await expect(balancer.apply(routed(2, { active: 'green' }), 1)).rejects.toMatchObject({
      code: 'balancer-unsettled',
    });
    rmSync(inRouting('tables'));
    renameSync(inRouting('tables-before'), inRouting('tables'));
    expect(sideOf(await stage.user())).toBe('blue');
    await balancer.apply(routed(2, { active: 'green' }), 1);
    expect(sideOf(await stage.user())).toBe('green');
  });

  // Only root may mount a small disk. Where the tests run as another user, the test above covers the case.
  test.runIf(mayMount())('is refused, and the one before stays: the disk is full', async () => {
    const small = inRouting('generations');
    const present = readlinkSync(inRouting('current')).split('/')[1] ?? '';
    execFileSync('cp', ['-a', join(small, present), inRouting('kept')]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,nr_inodes=40', 'tmpfs', small]);
    try {
      execFileSync('cp', ['-a', inRouting('kept'), join(small, present)]);
      for (let at = 0; ; at++) {
        try {
          writeFileSync(join(small, `filler-${at}`), 'x'.repeat(4096));
        } catch {
          break;
        }
      }
      await refusesAndStays();
      for (const name of readdirSync(small)) if (name.startsWith('filler')) rmSync(join(small, name));
      await balancer.apply(routed(2, { active: 'green' }), 1);
      expect(sideOf(await stage.user())).toBe('green');
    } finally {
      execFileSync('umount', ['-l', small]);
    }
  });
});

describe('files changed by hand', () => {
  test('are seen by what they make nginx do: a drift, reported with the share of users', async () => {
    const users = join(current(), 'users');
    mkdirSync(inRouting('tables', 'by-hand'));
    for (const name of ['live', ...Array.from({ length: 30 }, (_, share) => String(share).padStart(2, '0'))])
      writeFileSync(inRouting('tables', 'by-hand', name), '');
    rmSync(users);
    symlinkSync('../../tables/by-hand', users);
    expect(await balancer.observe()).toMatchObject([
      { reachable: true, routing: { generation: 1, active: 'blue', canary: { slot: 'green', percent: 30 } } },
    ]);
  });

  test('that contain no routing are reported in a sentence, and the next routing repairs them', async () => {
    writeFileSync(inRouting('tables', 'blue', '42'), '');
    const [node] = await balancer.observe();
    expect(node).toMatchObject({ reachable: true, routing: undefined });
    expect(node?.problem).toContain('does not say a routing any more');
    await balancer.apply(routed(2, { active: 'blue' }), 1);
    expect(await balancer.observe()).toMatchObject([{ routing: routed(2, { active: 'blue' }) }]);
    expect(readdirSync(inRouting('tables', 'blue'))).toEqual(['live']);
  });

  test('are repaired by the same routing', async () => {
    rmSync(join(current(), 'users'));
    expect((await stage.user()).status).toBe(503);
    expect(await balancer.observe()).toMatchObject([{ reachable: true, routing: undefined }]);
    await balancer.apply(routed(2, { active: 'blue' }), 1);
    expect(sideOf(await stage.user())).toBe('blue');
  });

  test('a damaged `routing.json` does no harm: nginx decides without it', async () => {
    writeFileSync(join(current(), 'routing.json'), '{"generation":1,"act');
    expect(await balancer.observe()).toMatchObject([{ reachable: true, routing: routed(1, { active: 'blue' }) }]);
    await balancer.apply(routed(2, { active: 'green' }), 1);
    expect(sideOf(await stage.user())).toBe('green');
  });

  test('a lost or unknown link is reported in a sentence; users get 503, never a guess', async () => {
    for (const target of ['generations/99.1.abcdef', '/etc']) {
      rmSync(inRouting('current'));
      symlinkSync(target, inRouting('current'));
      expect(await balancer.observe()).toMatchObject([
        { reachable: true, routing: undefined, problem: expect.stringContaining(target.split('/')[1] ?? '') },
      ]);
      expect((await stage.user()).status).toBe(503);
    }
    await balancer.apply(routed(2, { active: 'blue' }), 1);
    expect(sideOf(await stage.user())).toBe('blue');
  });
});

describe('a dead nginx', () => {
  const endAll = async () => {
    for (const pid of [masterOf(stage.places) ?? 0, ...workersOf(stage.places)]) process.kill(pid, 'SIGKILL');
    await until(() => workersOf(stage.places).length === 0);
  };

  test('comes back with the routing before, when the change was forward', async () => {
    await endAll();
    await expect(balancer.apply(routed(2, { active: 'green' }), 1)).rejects.toMatchObject({
      code: 'balancer-unreachable',
    });
    await balancer.ensure();
    expect(sideOf(await stage.user())).toBe('blue');
  });

  test('comes back with the new routing, when the change was back: an abort never waits for it', async () => {
    await balancer.apply(routed(2, { active: 'blue', canary: { slot: 'green', percent: 99 } }), 1);
    await endAll();
    const back = routed(3, { active: 'blue' });
    await expect(balancer.apply(back, 1, { direction: 'back' })).rejects.toMatchObject({
      code: 'balancer-unreachable',
    });
    await balancer.ensure();
    expect(await balancer.observe()).toMatchObject([{ routing: back }]);
    expect(sideOf(await stage.user())).toBe('blue');
    await balancer.apply(back, 1, { direction: 'back' });
  });
});

describe('old generations', () => {
  test('of the last moments are retained for requests that read them, the others are removed', async () => {
    for (let generation = 2; generation <= 30; generation++)
      await balancer.apply(routed(generation, { active: generation % 2 ? 'blue' : 'green' }), 1);
    const kept = readdirSync(inRouting('generations')).map((name) => Number.parseInt(name, 10));
    expect(kept.sort((a, b) => a - b)).toEqual(Array.from({ length: 21 }, (_, at) => 10 + at));
  });
});

describe('following one request', () => {
  test('a safe id is preserved, any other is replaced; nginx logs it and the service receives it', async () => {
    await stage.user({ headers: { 'x-request-id': 'order-4711.a_b' } });
    expect(stage.backends.blue.lastHeaders()['x-request-id']).toBe('order-4711.a_b');
    for (const unsafe of ['a b', '"quoted"', 'x'.repeat(129), '$evil;']) {
      await stage.user({ headers: { 'x-request-id': unsafe } });
      expect(stage.backends.blue.lastHeaders()['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    }
    const made = String(stage.backends.blue.lastHeaders()['x-request-id']);
    await balancer.traffic(0);
    await until(() => readFileSync(stage.places.accessLog, 'utf8').includes(made));
    const log = readFileSync(stage.places.accessLog, 'utf8');
    expect(log).toMatch(/ user blue 200 \S+ \S+ \S+ - order-4711\.a_b - a\d{4} - -$/m);
  });
});

describe('counting', () => {
  const counted = (requests: number) => until(async () => (await balancer.traffic(0)).blue.requests === requests);

  test('is known to an engine that restarts, with what was answered while none ran', async () => {
    for (let count = 0; count < 20; count++) await stage.user();
    await counted(20);
    for (let count = 0; count < 10; count++) await stage.user({ path: '/status/500' });
    await until(() => readFileSync(stage.places.accessLog, 'utf8').split(' blue 500 ').length === 11);
    const next = await stage.balancer().traffic(0);
    expect(next).toMatchObject({ missed: 0, blue: { requests: 30, errors: 10 } });
    expect(await balancer.traffic(0)).toEqual(next);
  });

  test('goes on over a log that another process has rotated, and reports what it could not read', async () => {
    await stage.user();
    await counted(1);
    renameSync(stage.places.accessLog, `${stage.places.accessLog}.1`);
    await stage.user();
    process.kill(Number(readFileSync(stage.places.pid, 'utf8')), 'SIGUSR1');
    await until(() => existsSync(stage.places.accessLog));
    // The master has made it; its workers follow, and until then write into the old one.
    let sent = 2;
    await until(async () => {
      await stage.user();
      sent += 1;
      return readFileSync(stage.places.accessLog, 'utf8') !== '';
    });
    await counted(sent);
    expect(await balancer.traffic(0)).toMatchObject({ missed: 0, blue: { requests: sent } });
    writeFileSync(stage.places.accessLog, 'no line of ours\n', { flag: 'a' });
    expect(await balancer.traffic(0)).toMatchObject({ missed: 1, blue: { requests: sent } });
  });
});

function mayMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
