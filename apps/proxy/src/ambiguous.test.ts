import { setTimeout as delay } from 'node:timers/promises';
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

describe('an ambiguous request is refused, and the service never receives it', () => {
  test.each([
    [
      'Content-Length with Transfer-Encoding',
      ['POST / HTTP/1.1', 'Host: a', 'Content-Length: 4', 'Transfer-Encoding: chunked'],
      '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n',
    ],
    ['two different lengths', ['POST / HTTP/1.1', 'Host: a', 'Content-Length: 4', 'Content-Length: 5'], 'abcde'],
    ['a length that is no number', ['POST / HTTP/1.1', 'Host: a', 'Content-Length: +4'], 'abcd'],
    [
      'a coding before chunked that is none',
      ['POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked, identity'],
      '0\r\n\r\n',
    ],
    ['a space before the colon', ['POST / HTTP/1.1', 'Host: a', 'Content-Length : 4'], 'abcd'],
    ['a folded header', ['GET / HTTP/1.1', 'Host: a', 'X: 1', ' Content-Length: 5'], ''],
    ['a bare line feed', ['GET / HTTP/1.1\nHost: a'], ''],
    [
      'a chunk size that is none',
      ['POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked'],
      '0x4\r\nabcd\r\n0\r\n\r\n',
    ],
    ['two hosts', ['GET / HTTP/1.1', 'Host: a', 'Host: b'], ''],
    ['no host', ['GET / HTTP/1.1', 'X: 1'], ''],
    ['a NUL in a header', ['GET / HTTP/1.1', 'Host: a', 'X: a\0b'], ''],
    ['an address that is no path', ['GET shop HTTP/1.1', 'Host: a'], ''],
  ])('%s', async (_name, lines, body) => {
    const answer = await exchangeRaw(proxy.port, `${head(lines)}${body}`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    await delay(50);
    expect(service.seen.filter(({ url }) => url === '/smuggled')).toEqual([]);
    expect(service.seen.filter(({ headers }) => headers.x !== undefined)).toEqual([]);
  });

  test('headers without end', async () => {
    const answer = await exchangeRaw(proxy.port, head(['GET / HTTP/1.1', 'Host: a', `X-Large: ${'x'.repeat(40_000)}`]));
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(service.seen).toEqual([]);
  });

  test('a whole address in the request line means its path', async () => {
    const answer = await exchangeRaw(
      proxy.port,
      head(['GET http://shop.example/a/b?c=1 HTTP/1.1', 'Host: shop.example', 'Connection: close']),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(service.last().url).toBe('/a/b?c=1');
  });

  test('pipelined requests are answered in their order', async () => {
    const one = (path: string, last = false) =>
      head([`GET ${path} HTTP/1.1`, 'Host: a', ...(last ? ['Connection: close'] : [])]);
    const answer = await exchangeRaw(proxy.port, `${one('/204')}${one('/trailers')}${one('/304', true)}`);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 204', 'HTTP/1.1 200', 'HTTP/1.1 304']);
  });
});
