import { type AddressInfo, createServer as createRawServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type Running, startProxyBefore, startService } from './testing/fixture.ts';
import { shop } from './testing/shoppers.ts';

// A service closes connections that were idle for a while. A request that is on its way at that moment is lost, and
// half of these are POSTs that must not be repeated: so the proxy never uses a connection that its service may close.

const endings: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function proxyBefore(port: number): Promise<Running> {
  const proxy = await startProxyBefore(port);
  endings.push(() => proxy.stop());
  return proxy;
}

/**
 * A service that has given a connection up `afterMs` after its last answer, which the other end learns half a second
 * later only, as over a slow network: whatever arrives in between is lost.
 */
async function givesUp(afterMs: number, keepAlive: string): Promise<number> {
  const server = createRawServer((socket) => {
    let idleSince = Number.POSITIVE_INFINITY;
    let timer: NodeJS.Timeout | undefined;
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      clearTimeout(timer);
      const late = Date.now() - idleSince >= afterMs;
      if (late) socket.destroy();
      if (late || !bytes.includes('order')) return;
      socket.write(`HTTP/1.1 200 OK\r\nconnection: keep-alive\r\n${keepAlive}content-length: 2\r\n\r\nok`);
      idleSince = Date.now();
      timer = setTimeout(() => socket.destroy(), afterMs + 500);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

describe('no order is lost', () => {
  // Services close after 2 s. This one adds 2 s, since on a busy machine a request is on its way for a second or more.
  test('when the service closes after a few seconds without having said so', async () => {
    const proxy = await proxyBefore(await givesUp(4_000, ''));
    expect(await shop(proxy, { users: 80, orders: 3, thinkMs: () => 4_000 + Math.random() * 400 })).toEqual({
      '200': 240,
    });
  });

  test('when the service says that it closes after 1 s', async () => {
    const proxy = await proxyBefore(await givesUp(900, 'keep-alive: timeout=1\r\n'));
    expect(await shop(proxy, { users: 64, orders: 5, thinkMs: () => 900 + Math.random() * 400 })).toEqual({
      '200': 320,
    });
  });
});

test('users who think briefly share the connections that are there', async () => {
  let connections = 0;
  const service = await startService((_incoming, response) => response.end('done'));
  endings.push(() => service.close());
  service.server.on('connection', () => connections++);
  const proxy = await proxyBefore(service.port);
  expect(await shop(proxy, { users: 10, orders: 40, thinkMs: () => 20 })).toEqual({ '200': 400 });
  expect(connections).toBeLessThan(40);
});
