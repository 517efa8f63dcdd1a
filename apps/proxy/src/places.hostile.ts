import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { until } from '@bg/engine/test-kit';
import { expect, test } from 'vitest';
import { startProxyBefore, startService } from './testing/fixture.ts';

const silentUpload = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx';

test('a source with 2,300 silent uploads gets half of all places and 503 for the rest; others are served', {
  timeout: 120_000,
}, async () => {
  const service = await startService((incoming, response) => incoming.resume().on('end', () => response.end('done')));
  const proxy = await startProxyBefore(service.port, { userIdleMs: 60_000 });
  const answers: string[] = [];
  const sockets: Socket[] = [];
  try {
    for (let at = 0; at < 2_300; at++) {
      const socket = connect({ port: proxy.port, host: '127.0.0.1' }, () => socket.write(silentUpload));
      socket.on('error', () => {});
      socket.setEncoding('latin1').once('data', (text: string) => answers.push(text.slice(9, 12)));
      sockets.push(socket);
    }
    await until(() => answers.length === 2_300 - 2_048);
    expect(new Set(answers)).toEqual(new Set(['503']));
    expect((await proxy.counts('blue')).open).toBe(2_048);
    const served = await new Promise<number | undefined>((resolve, reject) => {
      const options = { port: proxy.port, host: '127.0.0.1', localAddress: '127.0.0.2' };
      request(options, (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(served).toBe(200);
  } finally {
    for (const socket of sockets) socket.destroy();
    await proxy.stop();
    await service.close();
  }
});

test('a service that is silent within an answer is given up after a minute', { timeout: 120_000 }, async () => {
  const service = await startService((_incoming, response) => void response.writeHead(200).write('first'));
  const proxy = await startProxyBefore(service.port, { requestTimeoutMs: 1_000 });
  try {
    await expect(fetch(proxy.base).then((answer) => answer.text())).rejects.toThrow();
    await until(async () => (await proxy.counts('blue')).open === 0);
    expect((await proxy.counts('blue')).errors).toBe(1);
  } finally {
    await proxy.stop();
    await service.close();
  }
});
