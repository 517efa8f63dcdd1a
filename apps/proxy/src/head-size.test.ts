import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exchangeRaw, type Running, type Service, startProxyBefore, startService } from './testing/fixture.ts';

let service: Service;
let standard: Running;
let wide: Running;

beforeAll(async () => {
  service = await startService((request, response) => {
    const bytes = Number(/^\/answer\/(\d+)/.exec(request.url ?? '')?.[1] ?? 0);
    if (bytes > 0) response.setHeader('x-large', 'x'.repeat(bytes));
    response.end('done');
  });
  Object.assign(service.server, { maxHeaderSize: 1 << 20, maxHeadersCount: 0 });
  [standard, wide] = await Promise.all([
    startProxyBefore(service.port),
    startProxyBefore(service.port, { maxHeaderBytes: 65_536 }),
  ]);
});
afterAll(async () => {
  await Promise.all([standard.stop(), wide.stop()]);
  await service.close();
});

const statusOf = async (proxy: Running, path: string, header: string): Promise<string> => {
  const bytes = `GET ${path} HTTP/1.1\r\nHost: a\r\n${header}Connection: close\r\n\r\n`;
  return (await exchangeRaw(proxy.port, bytes)).slice(9, 12);
};
const cookie = (bytes: number) => `Cookie: a=${'x'.repeat(bytes)}\r\n`;

describe('the head of a request and that of an answer', () => {
  test.each<[string, (bytes: number) => [path: string, header: string], refused: string]>([
    ['a cookie', (bytes) => ['/', cookie(bytes)], '431'],
    ['an address', (bytes) => [`/${'x'.repeat(bytes)}`, ''], '431'],
    ['many small headers', (bytes) => ['/', 'x-name: value.\r\n'.repeat(bytes / 16)], '431'],
    ['an answer', (bytes) => [`/answer/${bytes}`, ''], '502'],
  ])('have one limit, 16 KiB unless set: %s', async (_what, made, refused) => {
    expect(await statusOf(standard, ...made(15_000))).toBe('200');
    expect(await statusOf(standard, ...made(25_000))).toBe(refused);
    expect(await statusOf(wide, ...made(60_000))).toBe('200');
    expect(await statusOf(wide, ...made(90_000))).toBe(refused);
  });

  test('follow a changed limit without a restart', async () => {
    const proxy = await startProxyBefore(service.port);
    try {
      expect(await statusOf(proxy, '/', cookie(20_000))).toBe('431');
      writeFileSync(
        `${proxy.folder}/spec.json`,
        JSON.stringify({ ...proxy.spec, maxHeaderBytes: 32_768, digest: 'new' }),
      );
      expect((await proxy.control('PUT', '/spec')).status).toBe(200);
      expect(await statusOf(proxy, '/', cookie(20_000))).toBe('200');
      expect(await statusOf(proxy, '/answer/20000', '')).toBe('200');
    } finally {
      await proxy.stop();
    }
  });
});
