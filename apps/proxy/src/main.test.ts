import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@bg/engine/test-kit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  exchangeRaw,
  exitOf,
  type Running,
  type Service,
  spawnProxy,
  specIn,
  startProxyBefore,
  startService,
} from './testing/fixture.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-main-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a proxy that cannot do what its spec says ends at once with one clear line', () => {
  async function endOf(spec: unknown): Promise<{ code: number | null; line: Record<string, unknown> }> {
    const path = join(folder, 'spec.json');
    if (spec !== undefined) writeFileSync(path, typeof spec === 'string' ? spec : JSON.stringify(spec));
    const { child, output } = spawnProxy(path);
    const code = await exitOf(child);
    return { code, line: JSON.parse(output().trim().split('\n').at(-1) ?? '') };
  }
  const good = () => specIn(folder, 18_099, 18_098);

  test.each([
    ['no file', () => undefined, 'ENOENT'],
    ['no JSON', () => '{"token": "secret-in-broken-file"', 'not valid JSON'],
    ['no object', () => [], 'spec must be an object, not []'],
    [
      'a port that is none',
      () => ({ ...good(), listen: { host: '127.0.0.1', port: 70_000 } }),
      'listen.port must be a whole number from 1 to 65535, not 70000',
    ],
    [
      'a side that is missing',
      () => ({ ...good(), upstreams: { blue: { host: 'a', port: 1 } } }),
      'upstreams.green must be an object, not nothing',
    ],
    [
      'a side without an instance',
      () => ({ ...good(), upstreams: { ...good().upstreams, blue: [] } }),
      'upstreams.blue must have an address',
    ],
    [
      'an instance without a port',
      () => ({ ...good(), upstreams: { ...good().upstreams, blue: [{ host: 'a', port: 1 }, { host: 'b' }] } }),
      'upstreams.blue[1].port must be a whole number from 1 to 65535, not nothing',
    ],
    [
      'an unknown way to recognise users',
      () => ({ ...good(), sticky: { by: 'mood', name: 'x' } }),
      'sticky.by must be cookie, header or address, not "mood"',
    ],
    ['no time limit', () => ({ ...good(), requestTimeoutMs: undefined }), 'requestTimeoutMs must be a whole number'],
    [
      'a token too short to be one',
      () => ({ ...good(), preview: { header: 'a', cookie: 'b', token: 'seven77' } }),
      'preview.token must be a text of at least 8 characters',
    ],
  ])('%s', async (_name, spec, sentence) => {
    const { code, line } = await endOf(spec());
    expect(code).toBe(1);
    expect(line).toMatchObject({ level: 'error', code: 'invalid' });
    expect(line.msg).toContain(sentence);
    expect(line.msg).toContain(join(folder, 'spec.json'));
    expect(JSON.stringify(line)).not.toMatch(/seven77|secret-in-broken-file/);
  });

  test('no argument', async () => {
    const { child, output } = spawnProxy();
    expect(await exitOf(child)).toBe(1);
    expect(output()).toContain('the path of a spec file is missing');
  });

  test('a port in use is named, and the socket and routing of its owner stay untouched', async () => {
    const service = await startService((_request, response) => response.end('blue'));
    const first = await startProxyBefore(service.port);
    try {
      const { child, output } = spawnProxy(join(first.folder, 'spec.json'));
      expect(await exitOf(child)).toBe(1);
      expect(output()).toContain(`127.0.0.1:${first.port} is in use`);
      expect(output()).toContain('"code":"port-in-use"');
      expect((await first.status()).routing).toMatchObject({ generation: 1, active: 'blue' });
      expect(await (await fetch(first.base)).text()).toBe('blue');
    } finally {
      await first.stop();
      await service.close();
    }
  });
});

describe('a running proxy', () => {
  let service: Service;
  let proxy: Running;
  let release: () => void;

  beforeEach(async () => {
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    service = await startService(async (request, response) => {
      if (request.url === '/held') await released;
      response.end('done');
    });
    proxy = await startProxyBefore(service.port);
  });
  afterEach(async () => {
    await proxy.stop();
    await service.close();
  });

  test('on SIGTERM rejects new connections, finishes what is in flight, and ends with 0', async () => {
    const slow = fetch(`${proxy.base}/held`);
    await until(async () => (await proxy.counts('blue')).open === 1);
    proxy.child.kill('SIGTERM');
    await until(async () => (await exchangeRaw(proxy.port, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n', /done/)) === '');
    release();
    const answer = await slow;
    expect([answer.status, await answer.text(), answer.headers.get('connection')]).toEqual([200, 'done', 'close']);
    expect(await exitOf(proxy.child)).toBe(0);
  });

  test('on SIGTERM does not wait for ever for an answer that does not end', async () => {
    const stream = get(`${proxy.base}/held`).on('error', () => {});
    await until(async () => (await proxy.counts('blue')).open === 1);
    proxy.child.kill('SIGTERM');
    expect(await exitOf(proxy.child)).toBe(0);
    stream.destroy();
  });

  test('a hang-up of the terminal does not end it', async () => {
    proxy.child.kill('SIGHUP');
    expect(await (await fetch(proxy.base)).text()).toBe('done');
  });

  test('only this user can use the control socket and the routing file', async () => {
    expect(statSync(proxy.spec.socket).mode & 0o077).toBe(0);
    expect(statSync(proxy.spec.routingFile).mode & 0o077).toBe(0);
  });

  test('the routing is on disk before it is answered for', async () => {
    for (const active of ['green', 'blue', 'green'] as const) {
      await proxy.route({ active });
      expect(JSON.parse(readFileSync(proxy.spec.routingFile, 'utf8'))).toMatchObject({ routing: { active }, fence: 1 });
    }
  });

  const order = (routing: unknown, fence?: unknown) => JSON.stringify({ routing, fence });
  test.each([
    ['not valid JSON', 400, 'PUT', '/routing', 'no json'],
    ['routing must be an object', 400, 'PUT', '/routing', '{}'],
    ['routing.generation must be a whole number', 400, 'PUT', '/routing', order({ generation: -1 }, 1)],
    ['active must be blue or green, not "red"', 400, 'PUT', '/routing', order({ generation: 9, active: 'red' }, 1)],
    [
      'percent must be a number from 0 to 100, not 101',
      400,
      'PUT',
      '/routing',
      order({ generation: 9, canary: { slot: 'green', percent: 101 } }, 1),
    ],
    ['fence must be a whole number', 400, 'PUT', '/routing', order({ generation: 9 })],
    ['generation 1 does not grow beyond 1', 409, 'PUT', '/routing', order({ generation: 1, active: 'green' }, 1)],
    ['fence 0 is lower than 1', 409, 'PUT', '/routing', order({ generation: 9, active: 'green' }, 0)],
    ['65536 bytes at most', 400, 'PUT', '/routing', JSON.stringify('x'.repeat(70_000))],
    ['since must be a time', 400, 'GET', '/traffic?since=now', undefined],
    ['GET /nothing is not offered', 404, 'GET', '/nothing', undefined],
    ['GET /__proto__ is not offered', 404, 'GET', '/__proto__', undefined],
  ])('a control request that is wrong changes nothing: %s', async (sentence, status, method, path, body) => {
    const answer = await proxy.control(method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.value).toMatchObject({ message: expect.stringContaining(sentence) });
    expect((await proxy.status()).routing).toMatchObject({ generation: 1, active: 'blue' });
  });

  test('connections of users are counted, idle ones too', async () => {
    const answer = await fetch(proxy.base);
    await answer.text();
    const { value } = await proxy.control('GET', '/connections');
    expect(value).toMatchObject({ open: { blue: 0, green: 0 }, clients: expect.any(Number) });
    expect((value as { clients: number }).clients).toBeGreaterThanOrEqual(1);
  });
});
