import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../lib/testing/ports.ts';
import { until } from '../../lib/testing/until.ts';
import { switchUnderLoad } from '../contract/switching.ts';
import { call, sideOf } from '../contract/user.ts';
import { masterOf, workersOf } from './process-of.ts';
import { type NginxStage, nginxStage, routed } from './testing-stage.ts';

let stage: NginxStage;
beforeEach(async () => {
  stage = await nginxStage();
});
afterEach(() => stage.end());

const blueOnly = routed(1, { active: 'blue' });

describe('starting', () => {
  test('five engines at once start one nginx', async () => {
    const engines = Array.from({ length: 5 }, () => stage.balancer());
    await Promise.all(engines.map((engine) => engine.ensure()));
    const observed = await Promise.all(engines.map((engine) => engine.observe()));
    expect(new Set(observed.map((nodes) => JSON.stringify(nodes))).size).toBe(1);
    await until(() => new Set(workersOf(stage.places).map(parentOf)).size === 1);
    expect(workersOf(stage.places).map(parentOf)[0]).toBe(masterOf(stage.places));
  });

  test('a port that another process holds is named, and nothing is left running', async () => {
    const { port } = stage.options.spec.listen;
    const stranger = createServer().listen(port, '127.0.0.1');
    try {
      await expect(stage.balancer().ensure()).rejects.toMatchObject({
        code: 'port-in-use',
        message: expect.stringContaining(`127.0.0.1:${port}`),
      });
      expect(masterOf(stage.places)).toBeUndefined();
    } finally {
      stranger.closeAllConnections();
      await new Promise((resolve) => stranger.close(resolve));
    }
    await stage.balancer().ensure();
  });

  test('a program that does not exist is named', async () => {
    const settings = { mode: 'managed', program: '/nowhere/nginx', tls: undefined } as const;
    await expect(stage.balancer({ settings }).ensure()).rejects.toMatchObject({
      message: expect.stringContaining('/nowhere/nginx'),
    });
  });

  test('files with secrets can be read by no other user, and the logs hold no secret', async () => {
    const balancer = stage.balancer();
    await balancer.ensure();
    await balancer.apply(blueOnly, 1);
    const nonce = Object.values(balancer.probeHeaders).join();
    await stage.user({ headers: { 'x-preview': 'a-token-that-nobody-may-log' } });
    await stage.user({ headers: { ...balancer.probeHeaders } });
    for (const path of [stage.places.config, stage.places.nonce])
      expect([path, (statSync(path).mode & 0o077).toString(8)]).toEqual([path, '0']);
    await until(() => readFileSync(stage.places.accessLog, 'utf8').includes('probe'));
    for (const path of [stage.places.accessLog, stage.places.errorLog]) {
      expect(readFileSync(path, 'utf8')).not.toContain('a-token-that-nobody-may-log');
      expect(readFileSync(path, 'utf8')).not.toContain(nonce);
    }
  });
});

describe('outliving', () => {
  test('an engine that is killed with its whole process group leaves nginx serving', async () => {
    const { spec, settings, folder } = stage.options;
    const script = `
      import { createNginxBalancer } from ${JSON.stringify(new URL('./driver.ts', import.meta.url).href)};
      const clock = { now: Date.now, monotonic: () => performance.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };
      const log = { info() {}, warn() {} };
      const balancer = createNginxBalancer({ ...${JSON.stringify({ spec, settings, folder })}, clock, log });
      await balancer.ensure();
      await balancer.apply(${JSON.stringify(blueOnly)}, 1);
      console.log('ready');
      setInterval(() => {}, 1000);`;
    const engine = spawn(process.execPath, ['--input-type=module', '-e', script], { detached: true, cwd: folder });
    await new Promise((resolve) => engine.stdout.once('data', resolve));
    const master = masterOf(stage.places);
    const gone = new Promise((resolve) => engine.once('exit', resolve));
    process.kill(-(engine.pid as number), 'SIGKILL');
    await gone;
    const next = stage.balancer();
    expect(sideOf(await stage.user())).toBe('blue');
    await next.ensure();
    expect(masterOf(stage.places)).toBe(master);
  });

  test('workers whose master was killed go on serving, and are replaced by a whole nginx with the same routing', async () => {
    const balancer = stage.balancer();
    await balancer.ensure();
    await balancer.apply(blueOnly, 1);
    const master = masterOf(stage.places) ?? 0;
    process.kill(master, 'SIGKILL');
    await until(() => masterOf(stage.places) === undefined);
    expect(sideOf(await stage.user())).toBe('blue');
    await balancer.ensure();
    expect(masterOf(stage.places)).not.toBe(master);
    expect(sideOf(await stage.user())).toBe('blue');
    expect(await balancer.observe()).toMatchObject([{ reachable: true, routing: blueOnly }]);
    await until(() => workersOf(stage.places).every((pid) => parentOf(pid) === masterOf(stage.places)));
  });

  test('kill -9 of all of nginx while it is switched leaves one active side, and the routing that was proved last', async () => {
    const balancer = stage.balancer();
    await balancer.ensure();
    await balancer.apply(blueOnly, 1);
    let proved = blueOnly;
    const switching = (async () => {
      for (let generation = 2; ; generation++) {
        const next = routed(generation, { active: generation % 2 === 0 ? 'green' : 'blue' });
        await balancer.apply(next, 1);
        proved = next;
      }
    })().catch((thrown: { code: string }) => thrown.code);
    await until(() => proved.generation > 5);
    for (const pid of [masterOf(stage.places) ?? 0, ...workersOf(stage.places)]) process.kill(pid, 'SIGKILL');
    expect(await switching).toMatch(/balancer-un(reachable|settled)/);
    await balancer.ensure();
    const [node] = await balancer.observe();
    expect(node?.reachable).toBe(true);
    // The change that was under way is there or is not; nothing else can be.
    expect([proved.generation, proved.generation + 1]).toContain(node?.routing?.generation);
    expect(sideOf(await stage.user())).toBe(node?.routing?.active);
    await balancer.apply({ ...proved, generation: proved.generation + 2 }, 1);
    expect(sideOf(await stage.user())).toBe(proved.active);
  });
});

describe('changed settings', () => {
  test('are followed by a reload that cuts no request: under load, nothing is lost and nothing is stale', {
    timeout: 120_000,
  }, async () => {
    const balancer = stage.balancer();
    await balancer.ensure();
    await balancer.apply(blueOnly, 1);
    const base = balancer.entrypoints[0] ?? '';
    const load = switchUnderLoad({ balancer, base, generation: 1, active: 'blue', fence: 1, switches: 60 });
    for (let change = 1; change <= 4; change++) {
      const spec = { ...stage.options.spec, requestTimeoutMs: 5_000 + change };
      await stage.balancer({ spec }).ensure();
    }
    const story = await load;
    expect(story.lost).toEqual([]);
    expect(story.stale).toBe(0);
    expect(story.requests).toBeGreaterThan(300);
    expect(existsSync(join(stage.places.routing, 'closing'))).toBe(false);
  });

  test('another address is listened on, the routing stays, and the old address is given up', async () => {
    const balancer = stage.balancer();
    await balancer.ensure();
    await balancer.apply(blueOnly, 1);
    const listen = { host: '127.0.0.1', port: await freePort() };
    const moved = stage.balancer({ spec: { ...stage.options.spec, listen } });
    await moved.ensure();
    expect(sideOf(await call(moved.entrypoints[0] ?? ''))).toBe('blue');
    await expect(stage.user()).rejects.toThrow(/ECONNREFUSED/);
  });

  test('that nginx refuses are stored in another file with its message, and the old ones serve on', async () => {
    const balancer = stage.balancer();
    await balancer.ensure();
    await balancer.apply(blueOnly, 1);
    const before = readFileSync(stage.places.config, 'utf8');
    const listen = { host: '127.0.0.1', port: await freePort() };
    const tls = { listen, certificate: '/nowhere/shop.pem', key: '/nowhere/shop.key' };
    const wrong = stage.balancer({ settings: { mode: 'managed', program: 'nginx', tls } });
    const refused = `${stage.places.config}.refused`;
    await expect(wrong.ensure()).rejects.toMatchObject({
      code: 'config-refused',
      message: expect.stringContaining('/nowhere/shop.pem'),
      details: { refused },
    });
    expect(readFileSync(refused, 'utf8')).toContain('# nginx: configuration file');
    expect(readFileSync(stage.places.config, 'utf8')).toBe(before);
    expect(sideOf(await stage.user())).toBe('blue');
    await balancer.ensure();
    await balancer.apply(routed(2, { active: 'green' }), 1);
    expect(sideOf(await stage.user())).toBe('green');
  });
});

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
