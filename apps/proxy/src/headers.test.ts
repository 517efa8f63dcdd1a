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
        'x-real-ip',
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

  const forwarded = {
    forwarded: 'for=203.0.113.7;host=evil.example',
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'shop.example',
    'x-forwarded-port': '443',
    'x-real-ip': '203.0.113.7',
  };

  test('that untrusted senders set about their origin are replaced', async () => {
    await fetch(proxy.base, { headers: forwarded });
    expect(service.last().headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': new URL(proxy.base).host,
      'x-real-ip': '127.0.0.1',
    });
    expect(JSON.stringify(service.last().headers)).not.toMatch(/203\.0\.113\.7|evil|shop\.example|443/);
  });

  test('of a trusted proxy in front are preserved and extended', async () => {
    const behind = await startProxyBefore(service.port, { trustedProxies: ['127.0.0.0/8', '::1'] });
    try {
      await fetch(behind.base, {
        headers: { ...forwarded, 'x-forwarded-for': '198.51.100.1, 203.0.113.7, 127.0.0.9' },
      });
      expect(service.last().headers).toMatchObject({
        'x-forwarded-for': '198.51.100.1, 203.0.113.7, 127.0.0.9, 127.0.0.1',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'shop.example',
        'x-forwarded-port': '443',
        'x-real-ip': '203.0.113.7',
      });
    } finally {
      await behind.stop();
    }
  });

  test.each(['close, Host', 'keep-alive, Cookie, X-Mine', 'close, Authorization, X-Forwarded-For, Content-Length'])(
    'that are for both ends are not removed by Connection: %s',
    async (connection) => {
      const lines = ['Host: shop.example', 'Cookie: a=1', 'Authorization: Bearer x', 'X-Mine: 1', 'Content-Length: 2'];
      await exchangeRaw(proxy.port, `${head(['POST / HTTP/1.1', ...lines, `Connection: ${connection}`])}hi`, /done/);
      const { headers, bytes } = service.last();
      expect(headers).toMatchObject({
        host: 'shop.example',
        cookie: 'a=1',
        authorization: 'Bearer x',
        'x-forwarded-for': '127.0.0.1',
      });
      expect([bytes, 'x-mine' in headers]).toEqual([2, !connection.includes('X-Mine')]);
    },
  );

  test('a safe request id is preserved, any other replaced', async () => {
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

  test('the preview token reaches the service in none of them', async () => {
    const token = 'preview-token';
    const door = `${token}.preview.example.com`;
    const preview = { header: 'X-Preview', cookie: 'bg_preview', token, host: 'preview.example.com' };
    const behind = await startProxyBefore(service.port, { preview, trustedProxies: ['127.0.0.1'] });
    await behind.route({ active: 'blue', preview: 'green' });
    try {
      for (const lines of [
        [`Host: ${door}.`],
        [`Host: ${door}.:8080`, `Cookie: a=1; bg_preview =${token}; b=2`],
        ['Host: a', `X-Preview: ${token}`, `Referer: http://${door}/cart`, `Origin: http://${door}:80`],
        ['Host: a', `X-Forwarded-Host: ${door}`, `Forwarded: for=1.2.3.4;host="${door}"`, `Cookie: x="${token}"`],
        ['Host: a', `X-Anything: say ${token.toUpperCase()}`, `X-Original-URL: /?t=${token}`],
      ]) {
        service.forget();
        const answer = await exchangeRaw(behind.port, head(['GET / HTTP/1.1', ...lines]), /done/);
        expect(answer).toMatch(/^HTTP\/1\.1 200/);
        expect(JSON.stringify(service.last()).toLowerCase()).not.toContain(token);
        const isPreview = /x-served-by: green/i.test(answer);
        expect([lines, isPreview]).toEqual([lines, lines.some((line) => /^(Host: p|X-Preview)/.test(line))]);
        expect(/referrer-policy: same-origin/i.test(answer)).toBe(isPreview);
      }
      await exchangeRaw(behind.port, head(['GET / HTTP/1.1', 'Host: a', `Referer: http://${door}/cart`]), /done/);
      expect(service.last().headers.referer).toBe('http://preview.example.com/cart');
    } finally {
      await behind.stop();
    }
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
