// An nginx that the user runs: the engine owns one included file and the routing, and touches nothing else.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../lib/testing/ports.ts';
import { until } from '../../lib/testing/until.ts';
import { switchUnderLoad } from '../contract/switching.ts';
import { call, sideOf } from '../contract/user.ts';
import type { NginxSettings } from './settings.ts';
import { type NginxStage, nginxStage, routed, selfSigned } from './testing-stage.ts';

let stage: NginxStage;
let home: string;
let users: ChildProcess;
let settings: NginxSettings;
let ownPort: number;

beforeEach(async () => {
  stage = await nginxStage();
  home = join(stage.folder, 'users-nginx');
  mkdirSync(join(home, 'conf.d'), { recursive: true });
  ownPort = await freePort();
  const config = join(home, 'nginx.conf');
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${home}/temp;`);
  writeFileSync(
    config,
    `pid ${home}/nginx.pid; error_log ${home}/error.log; ${process.getuid?.() === 0 ? 'user root;' : ''}
events {}
http { access_log off; ${temp.join(' ')}
  server { listen 127.0.0.1:${ownPort}; location / { return 200 "the user's own site"; } }
  include ${home}/conf.d/*.conf;
}`,
  );
  const nginx = ['nginx', '-q', '-p', home, '-c', config];
  users = spawn('nginx', [...nginx.slice(1), '-g', 'daemon off;'], { stdio: 'ignore' });
  await until(async () => (await call(`http://127.0.0.1:${ownPort}`).catch(() => undefined))?.status === 200);
  settings = {
    mode: 'attached',
    include: join(home, 'conf.d', 'bluegreen-shop.conf'),
    check: [...nginx, '-t'] as unknown as readonly [string, ...string[]],
    reload: [...nginx, '-s', 'reload'] as unknown as readonly [string, ...string[]],
    reopen: [...nginx, '-s', 'reopen'] as unknown as readonly [string, ...string[]],
    tls: undefined,
  };
});
afterEach(async () => {
  const gone = new Promise((resolve) => users.once('exit', resolve));
  users.kill('SIGTERM');
  if (users.exitCode === null) await gone;
  await stage.end();
});

describe('an nginx that runs already', () => {
  test('gets one file, and switches without a reload; nothing else of it is touched', async () => {
    const before = readFileSync(join(home, 'nginx.conf'), 'utf8');
    const balancer = stage.balancer({ settings });
    await balancer.ensure();
    expect(readdirSync(join(home, 'conf.d'))).toEqual(['bluegreen-shop.conf']);
    await balancer.apply(routed(1, { active: 'blue' }), 1);
    const workers = workersOf(users.pid ?? 0);
    const base = balancer.entrypoints[0] ?? '';
    const story = await switchUnderLoad({ balancer, base, generation: 1, active: 'blue', fence: 1, switches: 30 });
    expect([story.lost, story.stale]).toEqual([[], 0]);
    expect(workersOf(users.pid ?? 0)).toEqual(workers);
    expect(readFileSync(join(home, 'nginx.conf'), 'utf8')).toBe(before);
    expect((await call(`http://127.0.0.1:${ownPort}`)).body).toBe("the user's own site");
    await balancer.shutdown();
    expect(sideOf(await stage.user())).toMatch(/blue|green/);
  });

  test('is reloaded only for a changed structure, and a refused file is replaced by the one before', async () => {
    const balancer = stage.balancer({ settings });
    await balancer.ensure();
    await balancer.apply(routed(1, { active: 'blue' }), 1);
    const workers = workersOf(users.pid ?? 0);
    await balancer.ensure();
    expect(workersOf(users.pid ?? 0)).toEqual(workers);

    await stage.balancer({ settings, spec: { ...stage.options.spec, requestTimeoutMs: 7_000 } }).ensure();
    await until(() => !workersOf(users.pid ?? 0).some((pid) => workers.includes(pid)));
    expect(sideOf(await stage.user())).toBe('blue');

    const good = readFileSync(settings.mode === 'attached' ? settings.include : '', 'utf8');
    const tls = {
      listen: { host: '127.0.0.1', port: await freePort() },
      certificate: '/nowhere.pem',
      key: '/nowhere.key',
    };
    await expect(stage.balancer({ settings: { ...settings, tls } }).ensure()).rejects.toMatchObject({
      code: 'config-refused',
      message: expect.stringContaining('/nowhere.pem'),
    });
    expect(readdirSync(join(home, 'conf.d')).toSorted()).toEqual([
      'bluegreen-shop.conf',
      'bluegreen-shop.conf.refused',
    ]);
    expect(readFileSync(join(home, 'conf.d', 'bluegreen-shop.conf'), 'utf8')).toBe(good);
    expect(sideOf(await stage.user())).toBe('blue');
  });

  test("preserves the operator's headers where a file names them, else reports which are missing", async () => {
    const snippet = join(home, 'headers.conf');
    writeFileSync(
      snippet,
      'add_header Strict-Transport-Security "max-age=63072000; preload" always;\nadd_header X-Content-Type-Options nosniff always;\n',
    );
    const config = join(home, 'nginx.conf');
    writeFileSync(config, readFileSync(config, 'utf8').replace('http {', `http { include ${snippet};`));
    const warned: unknown[] = [];
    const log = { ...stage.options.log, warn: (...given: unknown[]) => void warned.push(given) };
    const sticky = { by: 'cookie', name: 'bg_bucket' } as const;
    const spec = { ...stage.options.spec, sticky };
    const silent = stage.balancer({ settings, spec, log: log as typeof stage.options.log });
    await silent.ensure();
    expect(JSON.stringify(warned)).toMatch(/Strict-Transport-Security.*X-Content-Type-Options.*nginx\.headers/);

    const balancer = stage.balancer({ settings: { ...settings, headers: snippet }, spec });
    await balancer.ensure();
    const wanted = { 'strict-transport-security': 'max-age=63072000; preload', 'x-content-type-options': 'nosniff' };
    expect((await stage.user()).headers).toMatchObject(wanted);
    await balancer.apply(routed(1, { active: 'blue', preview: 'green' }), 1);
    expect((await stage.user()).headers).toMatchObject({
      ...wanted,
      'set-cookie': [expect.stringContaining('bg_bucket')],
    });
    const tester = await stage.user({ headers: { 'x-preview': 'a-token-that-nobody-may-log' } });
    expect(tester.headers).toMatchObject({ ...wanted, 'cache-control': 'private, no-store' });
  });

  test('a reload by hand in the middle of a canary changes nothing for any user', async () => {
    const balancer = stage.balancer({ settings });
    await balancer.ensure();
    const canary = routed(1, { active: 'blue', canary: { slot: 'green', percent: 33 }, preview: 'green' });
    await balancer.apply(canary, 1);
    if (settings.mode === 'attached') execFileSync(settings.reload[0], settings.reload.slice(1));
    await until(async () => (await balancer.observe())[0]?.reachable === true);
    expect(await balancer.observe()).toMatchObject([{ routing: canary }]);
  });

  test('that does not run is reported as such', async () => {
    const gone = new Promise((resolve) => users.once('exit', resolve));
    users.kill('SIGTERM');
    await gone;
    const balancer = stage.balancer({ settings });
    await expect(balancer.ensure()).rejects.toMatchObject({ code: 'balancer-unreachable' });
    await expect(balancer.apply(routed(1, { active: 'blue' }), 1)).rejects.toMatchObject({
      code: 'balancer-unreachable',
    });
    expect(await balancer.observe()).toMatchObject([{ reachable: false, problem: expect.any(String) }]);
  });

  test('another program on the address is not mistaken for it', async () => {
    const stranger = createServer((_, response) => response.end('hello')).listen(
      stage.options.spec.listen.port,
      '127.0.0.1',
    );
    try {
      expect(await stage.balancer({ settings }).observe()).toMatchObject([
        { reachable: false, problem: expect.stringContaining('another program') },
      ]);
    } finally {
      await new Promise((resolve) => stranger.close(resolve));
    }
  });
});

describe.skipIf(process.getuid?.() !== 0)('a state folder that the workers of nginx cannot enter', () => {
  test('is named by every command that needs it, and once it is open everything works', async () => {
    await restartUnprivileged();
    chmodSync(stage.folder, 0o711);
    const state = join(stage.folder, 'state');
    mkdirSync(state, { mode: 0o700 });
    const balancer = stage.balancer({ settings, folder: state });
    const named = { code: 'balancer-unsettled', message: expect.stringContaining(`chmod o+x ${state}`) };
    await expect(balancer.ensure()).rejects.toMatchObject(named);
    await expect(balancer.apply(routed(1, { active: 'blue' }), 1)).rejects.toMatchObject(named);
    expect(await balancer.observe()).toMatchObject([{ reachable: true, problem: named.message }]);
    chmodSync(state, 0o711);
    await balancer.ensure();
    await balancer.apply(routed(2, { active: 'blue' }), 1);
    expect(sideOf(await stage.user())).toBe('blue');
  });

  async function restartUnprivileged(): Promise<void> {
    const gone = new Promise((resolve) => users.once('exit', resolve));
    users.kill('SIGTERM');
    await gone;
    const config = join(home, 'nginx.conf');
    writeFileSync(config, readFileSync(config, 'utf8').replace('user root;', 'user nobody nogroup;'));
    users = spawn('nginx', ['-q', '-p', home, '-c', config, '-g', 'daemon off;'], { stdio: 'ignore' });
    await until(async () => (await call(`http://127.0.0.1:${ownPort}`).catch(() => undefined))?.status === 200);
  }
});

describe.skipIf(process.getuid?.() !== 0)('a state folder that is closed under a managed nginx', () => {
  test('is entered by workers of another user from the next check on', async () => {
    chmodSync(stage.folder, 0o711);
    const balancer = stage.balancer();
    await balancer.ensure();
    await balancer.apply(routed(1, { active: 'blue' }), 1);
    chmodSync(stage.folder, 0o700);
    await balancer.ensure();
    expect(sideOf(await stage.user())).toBe('blue');
    expect(await balancer.observe()).toMatchObject([{ reachable: true, routing: { active: 'blue' } }]);
  });
});

describe('over TLS and HTTP/2', () => {
  test('100 switches with 20 streams at a time on 5 connections lose nothing and leave none with the side before', {
    timeout: 60_000,
  }, async () => {
    const { certificate, key } = selfSigned(stage.folder);
    const tls = { listen: { host: '127.0.0.1', port: await freePort() }, certificate, key };
    const balancer = stage.balancer({ settings: { mode: 'managed', program: 'nginx', tls } });
    await balancer.ensure();
    await balancer.apply(routed(1, { active: 'blue' }), 1);

    const sides = ['blue'];
    let settled = 0;
    let over = false;
    const tally = { requests: 0, lost: [] as string[], stale: 0 };
    const connections = Array.from({ length: 5 }, () =>
      connect(`https://127.0.0.1:${tls.listen.port}`, {
        ca: readFileSync(certificate),
        checkServerIdentity: () => undefined,
      }),
    );
    const load = connections.flatMap((connection) =>
      Array.from({ length: 4 }, async () => {
        while (!over) {
          const first = settled;
          tally.requests++;
          try {
            const side = await ask(connection, Buffer.alloc(tally.requests % 2 ? 0 : 20_000, 'x'));
            if (!sides.slice(first).includes(side)) tally.stale++;
          } catch (thrown) {
            tally.lost.push(String(thrown));
          }
        }
      }),
    );
    for (let generation = 2; generation <= 101; generation++) {
      const active = generation % 2 ? ('blue' as const) : ('green' as const);
      sides.push(active);
      await balancer.apply(routed(generation, { active }), 1);
      settled = sides.length - 1;
    }
    over = true;
    await Promise.all(load);
    for (const connection of connections) connection.close();
    console.info(`${tally.requests} requests over HTTP/2 and TLS during 100 switches`);
    expect(tally).toMatchObject({ lost: [], stale: 0 });
    expect(tally.requests).toBeGreaterThan(200);
  });
});

function ask(connection: ReturnType<typeof connect>, body: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { ':method': body.length > 0 ? 'POST' : 'GET', ':path': '/' };
    const stream = connection.request(headers, { endStream: body.length === 0 });
    let text = '';
    let status = 0;
    stream.on('response', (answer) => {
      status = Number(answer[':status']);
    });
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    stream.on('error', reject);
    stream.on('end', () => {
      if (status !== 200) return reject(new Error(`status ${status}`));
      const { slot, bytes } = JSON.parse(text) as { slot: string; bytes: number };
      if (bytes !== body.length) return reject(new Error('the body did not arrive whole'));
      resolve(slot);
    });
    if (body.length > 0) stream.end(body);
  });
}

function workersOf(master: number): readonly number[] {
  return readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}
