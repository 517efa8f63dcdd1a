import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Routing } from '../../domain/routing.ts';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { freePort } from '../../lib/testing/ports.ts';
import type { CountingBalancer } from '../capabilities.ts';
import { type Backend, startBackend } from '../contract/backend.ts';
import { switchUnderLoad } from '../contract/switching.ts';
import { call, sideOf } from '../contract/user.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { createControlClient } from './control-client.ts';
import { createEmbeddedBalancer, type EmbeddedOptions } from './driver.ts';
import { proxyFiles } from './spec-file.ts';
import { endWatcher, isWatched } from './watcher.ts';

const proxyEntry = fileURLToPath(new URL('../../../../../apps/proxy/src/main.ts', import.meta.url));
const blueOnly: Routing = { generation: 1, active: 'blue', canary: undefined, preview: undefined };

let folder: string;
let blue: Backend;
let green: Backend;
let spec: BalancerSpec;
const started: CountingBalancer[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bg-drv-'));
  blue = await startBackend('blue');
  green = await startBackend('green');
  spec = {
    service: 'shop',
    target: 'production',
    listen: { host: '127.0.0.1', port: await freePort() },
    upstreams: { blue: [{ host: '127.0.0.1', port: blue.port }], green: [{ host: '127.0.0.1', port: green.port }] },
    sticky: { by: 'address', name: '' },
    preview: { header: 'x-preview', cookie: 'bg_preview', token: 'a-token-that-nobody-may-log' },
    allow: undefined,
    requestTimeoutMs: 5_000,
    drainSpreadMs: 0,
  };
});

afterEach(async () => {
  for (const balancer of started.splice(0)) await balancer.shutdown();
  await Promise.all([blue.close(), green.close()]);
  rmSync(folder, { recursive: true, force: true });
});

function balancerOf(changes: Partial<EmbeddedOptions> = {}): CountingBalancer {
  const options = { spec, folder, node: process.execPath, proxyEntry, clock: systemClock, log: silentLog, ...changes };
  const balancer = createEmbeddedBalancer(options);
  started.push(balancer);
  return balancer;
}

const files = () => proxyFiles(folder, spec);
const linesOfLog = (message: string) =>
  readFileSync(files().log, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`"msg":"${message}"`));

describe('starting', () => {
  test('five engines at once start one process', async () => {
    const engines = Array.from({ length: 5 }, () => balancerOf());
    await Promise.all(engines.map((engine) => engine.ensure()));
    expect(linesOfLog('started')).toHaveLength(1);
    const observed = await Promise.all(engines.map((engine) => engine.observe()));
    expect(new Set(observed.map((nodes) => JSON.stringify(nodes))).size).toBe(1);
  });

  test('a port that another process holds is named, and nothing is left running', async () => {
    const stranger = createServer().listen(spec.listen.port, '127.0.0.1');
    try {
      await expect(balancerOf().ensure()).rejects.toMatchObject({
        code: 'port-in-use',
        message: expect.stringContaining(`127.0.0.1:${spec.listen.port}`),
      });
    } finally {
      await new Promise((resolve) => stranger.close(resolve));
    }
    await balancerOf().ensure();
  });

  test('a proxy that cannot start says why, with the last lines of its log', async () => {
    const broken = join(folder, 'broken.mjs');
    writeFileSync(broken, 'throw new Error("the proxy is broken on purpose")');
    await expect(balancerOf({ proxyEntry: broken }).ensure()).rejects.toMatchObject({
      code: 'balancer-unreachable',
      message: expect.stringContaining('broken on purpose'),
    });
  });

  test('a folder whose sockets no process could open is refused at once', () => {
    expect(() => balancerOf({ folder: `/tmp/${'long'.repeat(30)}` })).toThrow(/too long for a unix socket/);
  });

  test('files with secrets can be read by no other user, and the log holds no secret', async () => {
    await balancerOf().ensure();
    for (const path of [files().spec, files().nonce, files().socket, files().log])
      expect([path, (statSync(path).mode & 0o077).toString(8)]).toEqual([path, '0']);
    await balancerOf().apply(blueOnly, 1);
    expect((statSync(files().routing).mode & 0o077).toString(8)).toBe('0');
    const log = readFileSync(files().log, 'utf8');
    expect(log).not.toContain('a-token-that-nobody-may-log');
    expect(log).not.toContain(readFileSync(files().nonce, 'utf8'));
  });
});

describe('several targets of one folder', () => {
  const pidOf = async (target: BalancerSpec) =>
    (await createControlClient(proxyFiles(folder, target).socket).status()).pid;
  const targetsOf = async (names: readonly string[]): Promise<BalancerSpec[]> =>
    Promise.all(
      names.map(async (target) => ({ ...spec, target, listen: { host: '127.0.0.1', port: await freePort() } })),
    );

  test('are served by one process, whichever engine starts them and however close together', async () => {
    const targets = await targetsOf(['staging', 'production', 'europe']);
    const balancers = targets.flatMap((target) => [balancerOf({ spec: target }), balancerOf({ spec: target })]);
    await Promise.all(balancers.map((balancer) => balancer.ensure()));
    const pids = await Promise.all(targets.map(pidOf));
    expect(new Set(pids).size).toBe(1);
    for (const [at, balancer] of balancers.entries())
      if (at % 2 === 0) await balancer.apply({ ...blueOnly, active: at === 2 ? 'green' : 'blue' }, 1);
    const sides = [0, 2, 4].map(async (at) => sideOf(await call(balancers[at]?.entrypoints[0] ?? '')));
    expect(await Promise.all(sides)).toEqual(['blue', 'green', 'blue']);

    endWatcher(files().watcher);
    process.kill(pids[0] as number, 'SIGKILL');
    for (const balancer of balancers) await expect.poll(() => balancer.observe()).toMatchObject([{ reachable: false }]);
    await Promise.all(balancers.map((balancer) => balancer.ensure()));
    const again = await Promise.all(targets.map(pidOf));
    expect([new Set(again).size, again[0] === pids[0]]).toEqual([1, false]);
    expect(sideOf(await call(balancers[2]?.entrypoints[0] ?? ''))).toBe('green');
  });

  test('start and stop independently: one is ended while another answers, and the process ends with the last', async () => {
    const [first, second] = (await targetsOf(['first', 'second'])) as [BalancerSpec, BalancerSpec];
    const [one, two] = [balancerOf({ spec: first }), balancerOf({ spec: second })];
    await one.ensure();
    await two.ensure();
    const pid = await pidOf(first);
    await two.apply(blueOnly, 1);
    await one.shutdown();
    expect(await one.observe()).toMatchObject([{ reachable: false }]);
    expect(sideOf(await call(two.entrypoints[0] ?? ''))).toBe('blue');
    await one.ensure();
    expect(await pidOf(first)).toBe(pid);
    await one.shutdown();
    await two.shutdown();
    expect(() => process.kill(pid, 0)).toThrow();
  });

  test('do not fall with one that cannot start: its port in use is named', async () => {
    const [first, second] = (await targetsOf(['first', 'second'])) as [BalancerSpec, BalancerSpec];
    const stranger = createServer().listen(second.listen.port, '127.0.0.1');
    const one = balancerOf({ spec: first });
    await one.ensure();
    await one.apply(blueOnly, 1);
    const problem = { code: 'port-in-use', message: expect.stringContaining(`127.0.0.1:${second.listen.port}`) };
    await expect(balancerOf({ spec: second }).ensure()).rejects.toMatchObject(problem);
    expect(sideOf(await call(one.entrypoints[0] ?? ''))).toBe('blue');
    await new Promise((resolve) => stranger.close(resolve));
    await balancerOf({ spec: second }).ensure();
    expect(await pidOf(second)).toBe(await pidOf(first));
  });
});

describe('a process that is killed while no engine lives', () => {
  const pidOf = async (target: BalancerSpec) =>
    (await createControlClient(proxyFiles(folder, target).socket).status()).pid;

  test('is back by itself with all its targets and their routing, and the next engine finds it as it was', async () => {
    const second = { ...spec, target: 'second', listen: { host: '127.0.0.1', port: await freePort() } };
    const ended = { ...spec, target: 'ended', listen: { host: '127.0.0.1', port: await freePort() } };
    const [one, two, three] = [balancerOf(), balancerOf({ spec: second }), balancerOf({ spec: ended })];
    for (const each of [one, two, three]) await each.ensure();
    await one.apply(blueOnly, 7);
    await two.apply({ ...blueOnly, active: 'green' }, 7);
    await three.shutdown();
    const pid = await pidOf(spec);
    for (const kills of [1, 2]) {
      const killedAt = performance.now();
      process.kill(-(await pidOf(spec)), 'SIGKILL');
      for (const [balancer, side] of [
        [one, 'blue'],
        [two, 'green'],
      ] as const)
        await expect
          .poll(() => call(balancer.entrypoints[0] ?? '').then(sideOf, () => 'nobody'), {
            timeout: 20_000,
            interval: 10,
          })
          .toBe(side);
      console.info(`kill ${kills}: both targets answer again after ${Math.round(performance.now() - killedAt)} ms`);
    }
    expect(await pidOf(second)).toBe(await pidOf(spec));
    expect(await pidOf(spec)).not.toBe(pid);
    expect(await three.observe()).toMatchObject([{ reachable: false }]);
    expect(await one.observe()).toMatchObject([{ routing: { generation: 1, active: 'blue' }, fence: 7 }]);
    await Promise.all([balancerOf().ensure(), three.ensure()]);
    expect(await pidOf(ended)).toBe(await pidOf(spec));
  });

  test('and whose port another program takes is started again by the engine, with one watcher', async () => {
    const balancer = balancerOf();
    await balancer.ensure();
    await balancer.apply(blueOnly, 1);
    process.kill(await pidOf(spec), 'SIGKILL');
    const stranger = createServer((_request, response) => response.writeHead(404).end());
    for (let tries = 0; tries < 500 && !stranger.listening; tries += 1)
      await new Promise<void>((resolve) => {
        stranger.once('error', () => setTimeout(resolve, 2)).listen(spec.listen.port, '127.0.0.1', () => resolve());
      });
    await expect(balancer.ensure()).rejects.toMatchObject({ code: 'port-in-use' });
    expect(isWatched(files().watcher)).toBe(false);
    await new Promise((resolve) => {
      stranger.close(resolve);
      stranger.closeAllConnections();
    });
    await balancer.ensure();
    expect([sideOf(await call(balancer.entrypoints[0] ?? '')), isWatched(files().watcher)]).toEqual(['blue', true]);
  });

  test('and is asked to end before it is back leaves nothing behind', async () => {
    const balancer = balancerOf();
    await balancer.ensure();
    process.kill(await pidOf(spec), 'SIGKILL');
    await balancer.shutdown();
    await expect.poll(() => isWatched(files().watcher)).toBe(false);
    expect(await balancer.observe()).toMatchObject([{ reachable: false }]);
    await balancer.ensure();
    process.kill(await pidOf(spec), 'SIGTERM');
    await expect.poll(() => isWatched(files().watcher), { timeout: 15_000 }).toBe(false);
  });
});

describe('outliving', () => {
  test('an engine that is killed with its whole process group leaves the balancer serving', async () => {
    const module = new URL('./driver.ts', import.meta.url).href;
    const script = `
      import { createEmbeddedBalancer } from ${JSON.stringify(module)};
      const clock = { now: Date.now, monotonic: () => performance.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };
      const log = { info() {} };
      const options = ${JSON.stringify({ spec, folder, node: process.execPath, proxyEntry })};
      const balancer = createEmbeddedBalancer({ ...options, clock, log });
      await balancer.ensure();
      await balancer.apply(${JSON.stringify(blueOnly)}, 1);
      console.log('ready');
      setInterval(() => {}, 1000);`;
    const engine = spawn(process.execPath, ['--input-type=module', '-e', script], { detached: true, cwd: folder });
    await new Promise((resolve) => engine.stdout.once('data', resolve));
    const gone = new Promise((resolve) => engine.once('exit', resolve));
    process.kill(-(engine.pid as number), 'SIGKILL');
    await gone;
    const next = balancerOf();
    expect(sideOf(await call(next.entrypoints[0]!))).toBe('blue');
    await next.ensure();
    expect(linesOfLog('started')).toHaveLength(1);
  });
});

describe('an unreadable routing file', () => {
  test('is preserved, reported, and replaced by the next routing; no user is sent anywhere by a guess', async () => {
    const balancer = balancerOf();
    await balancer.ensure();
    await balancer.apply(blueOnly, 4);
    await balancer.shutdown();
    writeFileSync(files().routing, '{"routing":{"generation":1,"act');
    await balancer.ensure();

    const [node] = await balancer.observe();
    expect(node).toMatchObject({
      reachable: true,
      routing: undefined,
      problem: expect.stringContaining(files().routing),
    });
    expect((await call(balancer.entrypoints[0]!)).status).toBe(503);
    expect(readFileSync(`${files().routing}.unreadable`, 'utf8')).toBe('{"routing":{"generation":1,"act');

    await balancer.apply({ ...blueOnly, generation: 1 }, 4);
    expect(await balancer.observe()).toMatchObject([{ routing: { generation: 1, active: 'blue' } }]);
    expect((await balancer.observe())[0]).not.toHaveProperty('problem');
    expect(sideOf(await call(balancer.entrypoints[0]!))).toBe('blue');
  });
});

describe('changed settings', () => {
  test('are followed by the living process: switching goes on under load and nothing is lost', async () => {
    const balancer = balancerOf();
    await balancer.ensure();
    await balancer.apply(blueOnly, 1);
    const base = balancer.entrypoints[0]!;
    const load = switchUnderLoad({ balancer, base, generation: 1, active: 'blue', fence: 1, switches: 40 });
    for (let change = 1; change <= 10; change++) {
      await balancerOf({ spec: { ...spec, requestTimeoutMs: 5_000 + change } }).ensure();
      await systemClock.sleep(50);
    }
    const story = await load;
    expect(story.lost).toEqual([]);
    expect(story.stale).toBe(0);
    expect(linesOfLog('spec in force')).toHaveLength(10);
    expect(linesOfLog('started')).toHaveLength(1);
  });

  test('another address is listened on, the routing stays, and the old address is given up', async () => {
    const balancer = balancerOf();
    await balancer.ensure();
    await balancer.apply(blueOnly, 1);
    const moved = balancerOf({ spec: { ...spec, listen: { host: '127.0.0.1', port: await freePort() } } });
    await moved.ensure();
    expect(sideOf(await call(moved.entrypoints[0]!))).toBe('blue');
    await expect(call(balancer.entrypoints[0]!)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('an address that cannot be had changes nothing', async () => {
    const balancer = balancerOf();
    await balancer.ensure();
    await balancer.apply(blueOnly, 1);
    const taken = balancerOf({ spec: { ...spec, listen: { host: '127.0.0.1', port: green.port } } });
    await expect(taken.ensure()).rejects.toMatchObject({ code: 'port-in-use' });
    expect(sideOf(await call(balancer.entrypoints[0]!))).toBe('blue');
    await balancer.ensure();
  });

  test('a routing that cannot be written to disk is refused and not followed', async () => {
    const balancer = balancerOf();
    await balancer.ensure();
    await balancer.apply(blueOnly, 1);
    mkdirSync(`${files().routing}.tmp`);
    await expect(balancer.apply({ ...blueOnly, generation: 2, active: 'green' }, 1)).rejects.toMatchObject({
      code: 'balancer-unsettled',
      message: expect.stringContaining('cannot write'),
    });
    expect(await balancer.observe()).toMatchObject([{ routing: { generation: 1, active: 'blue' } }]);
    expect(sideOf(await call(balancer.entrypoints[0]!))).toBe('blue');
  });
});
