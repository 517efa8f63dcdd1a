// Requests that nobody sends by accident.

import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alice } from '../../../test/support/stage.ts';
import { guarding } from './answer.ts';
import { html } from './html.ts';
import { ask, bearer, type Served, served, token } from './testing/served.ts';

let page: Served;
beforeAll(async () => {
  page = await served();
});
afterAll(async () => {
  await page.close();
  await page.stage.strike();
});

describe('nothing is changed:', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])('%s is refused', async (method) => {
    for (const path of ['/', '/history', '/api/status', '/api/events', '/assets/x/web-page.js']) {
      const { status, headers } = await ask(page.port, {
        path,
        method,
        headers: { ...bearer, 'content-length': '3' },
        body: 'x=1',
      });
      expect({ path, status, allow: headers.allow }).toEqual({ path, status: 405, allow: 'GET, HEAD' });
    }
  });

  it('no form of a page leads elsewhere than to a page', async () => {
    for (const path of ['/', '/history', '/audit', '/report']) {
      const { text } = await page.get(path, bearer);
      expect(
        [...text.matchAll(/method="(\w+)"/g)].map(([, method]) => method).filter((each) => each !== 'get'),
      ).toEqual([]);
    }
  });
});

it('every answer has the headers that keep a browser safe', async () => {
  for (const path of ['/', '/nothing', '/api/status', '/api/nothing', '/healthz']) {
    for (const headers of [bearer, {}]) {
      const got = await page.get(path, headers as Record<string, string>);
      for (const [name, value] of Object.entries(guarding))
        expect({ path, name, value: got.headers[name] }).toEqual({ path, name, value });
    }
  }
  const { text } = await page.get('/', bearer);
  expect(text).not.toMatch(/<script>|<script [^>]*>[^<]|style="|\son\w+="/);
});

describe('an address that makes no sense', () => {
  it.each([
    '/%',
    '/%00',
    '/targets/shop/..%2f..%2fetc%2fpasswd',
    '/assets/../../../package.json',
    '/assets/x/..%2f..%2fpackage.json',
    '/deployments/%F0%9F%92%A9',
    '/deployments/__proto__',
    '/targets/constructor/toString',
    '/api/deployments/x%0d%0aset-cookie:%20a=b',
    `/deployments/${'x'.repeat(8_000)}`,
  ])('%s is nothing', async (path) => {
    const { status, headers } = await page.get(path, bearer);
    expect([400, 404]).toContain(status);
    expect(headers['set-cookie']).toBeUndefined();
  });

  it.each([
    '/history?page=-1',
    '/history?page=1e9',
    '/history?page=NaN',
    `/history?word=${encodeURIComponent('<script>alert(1)</script>')}`,
    '/history?place=%00',
    `/audit?action=${'*'.repeat(500)}`,
    '/audit?action=%27%20OR%201=1',
    '/audit?deployment=%25',
    '/audit?page=999999999999',
    '/report?since=999d&place=shop/nowhere',
  ])('%s is a page all the same', async (path) => {
    const { status, text } = await page.get(path, bearer);
    expect(status).toBe(200);
    expect(text).not.toContain('<script>alert');
  });
});

it('an answer is 413 for a form that is too large, and nothing waits for its end', async () => {
  const { status } = await ask(page.port, { path: '/sign-in', method: 'POST', body: `token=${'x'.repeat(100_000)}` });
  expect(status).toBe(413);
});

it.each([
  ['no HTTP', 'hello\r\n\r\n'],
  ['a head that is too long', `GET / HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`],
  ['two lengths', 'GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'],
  [
    'both kinds of length',
    'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
])('%s ends the connection, and the server goes on', async (_name, text) => {
  const socket = page.raw(text);
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'close');
  expect((await page.get('/healthz')).status).toBe(200);
});

it('what people wrote stays text, in every page that shows it', async () => {
  const engine = page.stage.open('people');
  const nasty = `"><img src=x onerror=alert(1)>'</script><script>alert(2)</script>\u202e`;
  const locked = engine.lock({ actor: alice, reason: nasty, forMs: 3_600_000 });
  expect(locked.ok).toBe(true);
  for (const path of ['/', '/audit', '/targets/shop/production']) {
    const { text } = await page.get(path, bearer);
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(text).not.toContain('<img');
    expect(text).not.toContain('<script>alert');
    expect(text).not.toContain('\u202e');
  }
});

it('an object that looks like HTML is refused, not written', () => {
  const given = JSON.parse('{"markup":"<b>"}') as never;
  expect(() => html`${given}`).toThrow('no HTML');
  expect(html`<a title="${`"'<&>`}">${[1, undefined, false, html`<b></b>`]}</a>`.markup).toBe(
    '<a title="&quot;&#39;&lt;&amp;&gt;">1<b></b></a>',
  );
});

it('no page and no JSON contains the token', async () => {
  for (const path of ['/', '/history', '/audit', '/report', '/api/status', '/api/audit'])
    expect((await page.get(path, bearer)).text).not.toContain(token);
});

it('a page is small, packed for those who take it, and its files are kept by browsers', async () => {
  const { text, bytes } = await page.get('/', bearer);
  const packed = await page.get('/', { ...bearer, 'accept-encoding': 'gzip' });
  expect(packed.headers['content-encoding']).toBe('gzip');
  expect(packed.bytes).toBeLessThan(bytes);
  let all = packed.bytes;
  for (const [, address = ''] of text.matchAll(/(?:href|src)="(\/assets\/[^"]*)"/g)) {
    const file = await page.get(address, { 'accept-encoding': 'gzip' });
    expect({ address, status: file.status, cache: file.headers['cache-control'] }).toEqual({
      address,
      status: 200,
      cache: 'public, max-age=31536000, immutable',
    });
    if (!address.includes('uPlot')) all += file.bytes;
  }
  expect(all).toBeLessThan(100_000);
  console.log(`first page: ${all} bytes packed, without the chart library`);
});
