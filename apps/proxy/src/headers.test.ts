import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { exchangeRaw, type Running, startProxyBefore } from './testing/fixture.ts';
import { startWitness, type Witness } from './testing/witness.ts';

let service: Witness;
let proxy: Running;

beforeAll(async () => {
  service = await startWitness();
  proxy = await startProxyBefore(service.port, { requestTimeoutMs: 3_000 });
});
afterAll(async () => {
  await proxy.stop();
  await service.close();
});
beforeEach(() => service.forget());

const head = (lines: readonly string[]) => `${lines.join('\r\n')}\r\n\r\n`;

describe('headers', () => {
  test('of one connection stay on it, also those that Connection names, in both directions', async () => {
    const answer = await exchangeRaw(
      proxy.port,
      head([
        'GET /hop HTTP/1.1',
        'Host: shop.example:8080',
        'Connection: close, X-Secret-Of-Mine',
        'X-Secret-Of-Mine: 1',
        'Keep-Alive: timeout=5',
        'Proxy-Authorization: Basic abc',
        'Proxy-Connection: keep-alive',
        'TE: trailers',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
        'X-Kept: yes',
      ]),
    );
    const names = service
      .last()
      .raw.filter((_, at) => at % 2 === 0)
      .map((name) => name.toLowerCase());
    expect(names.toSorted()).toEqual(
      [
        'connection',
        'host',
        'x-forwarded-for',
        'x-forwarded-host',
        'x-forwarded-proto',
        'x-kept',
        'x-request-id',
      ].toSorted(),
    );
    expect(service.last().headers).toMatchObject({
      host: 'shop.example:8080',
      'x-forwarded-host': 'shop.example:8080',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': '127.0.0.1',
    });
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).not.toMatch(/x-inner|only for the proxy|proxy-authenticate/i);
    expect(answer).toMatch(/set-cookie: a=1\r\nset-cookie: b=2\r\n/i);
  });

  test('of a proxy in front are kept and added to', async () => {
    await fetch(proxy.base, {
      headers: { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' },
    });
    expect(service.last().headers).toMatchObject({
      'x-forwarded-for': '203.0.113.7, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop.example',
    });
  });

  test('a safe request id is kept, any other replaced', async () => {
    await fetch(proxy.base, { headers: { 'x-request-id': 'Order-77_a.b' } });
    expect(service.last().headers['x-request-id']).toBe('Order-77_a.b');
    for (const id of ['', 'with space', 'x'.repeat(129), '{jndi:ldap}']) {
      await fetch(proxy.base, { headers: { 'x-request-id': id } });
      expect(service.last().headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test('secrets of the balancer never reach the service, right or wrong, and other cookies do', async () => {
    const cookie = 'first=1; bg_preview=wrong-token; last="2; 3"';
    await fetch(proxy.base, {
      headers: { cookie, 'x-preview': 'wrong', 'x-bluegreen-probe': 'wrong', 'x-bluegreen-bucket': '1' },
    });
    expect(service.last().headers.cookie).toBe('first=1; last="2; 3"');
    for (const name of ['x-preview', 'x-bluegreen-probe', 'x-bluegreen-bucket'])
      expect(service.last().headers).not.toHaveProperty(name);
    await fetch(proxy.base, { headers: { cookie: 'bg_preview=wrong-token' } });
    expect(service.last().headers).not.toHaveProperty('cookie');
  });

  test('bytes beyond ASCII pass as they are', async () => {
    const bytes = Buffer.concat([
      Buffer.from('GET /%C3%A9 HTTP/1.1\r\nHost: a\r\nX-Name: '),
      Buffer.from([0xc3, 0xa9, 0xff]),
      Buffer.from('\r\nConnection: close\r\n\r\n'),
    ]);
    await exchangeRaw(proxy.port, bytes);
    expect([service.last().url, Buffer.from(String(service.last().headers['x-name']), 'latin1')]).toEqual([
      '/%C3%A9',
      Buffer.from([0xc3, 0xa9, 0xff]),
    ]);
  });

  test('the bucket cookie is not put into an answer that a shared cache may keep', async () => {
    expect((await fetch(proxy.base)).headers.get('set-cookie')).toMatch(
      /^bg_bucket=[0-9a-f]{24}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/,
    );
    expect((await fetch(`${proxy.base}/public`)).headers.get('set-cookie')).toBeNull();
  });
});
