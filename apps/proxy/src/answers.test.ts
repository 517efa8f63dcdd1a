import { Agent, get, type IncomingMessage, request } from 'node:http';
import { until } from '@bg/engine/test-kit';
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

describe('answers', () => {
  test('without a body stay without one, and the connection goes on', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const [method, path, status] of [
      ['HEAD', '/', 200],
      ['GET', '/204', 204],
      ['GET', '/304', 304],
      ['GET', '/', 200],
    ] as const) {
      const reply = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
        const outgoing = request(`${proxy.base}${path}`, { method, agent }, (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          answer.on('end', () => resolve({ status: answer.statusCode, text }));
        });
        outgoing.on('error', reject).end();
      });
      expect([path, reply.status, reply.text]).toEqual([
        path,
        status,
        method === 'GET' && status === 200 ? 'done' : '',
      ]);
    }
    agent.destroy();
  });

  test('keep their trailers and early hints', async () => {
    const trailers = await new Promise((resolve) =>
      get(`${proxy.base}/trailers`, (answer) => answer.resume().on('end', () => resolve(answer.trailers))),
    );
    expect(trailers).toEqual({ 'x-checksum': 'abc' });
    const hints = await new Promise((resolve, reject) => {
      const outgoing = get(`${proxy.base}/hints`, (answer) => answer.resume());
      outgoing.once('information', ({ statusCode, headers }) => resolve([statusCode, headers.link]));
      outgoing.once('close', () => reject(new Error('no hints came')));
    });
    expect(hints).toEqual([103, '</style.css>; rel=preload; as=style']);
  });

  test('an old client without keep-alive gets its answer and the end', async () => {
    const answer = await exchangeRaw(proxy.port, 'GET / HTTP/1.0\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\ndone$/);
  });

  test('200 open event streams leave room for all other users', async () => {
    const streams = await Promise.all(
      Array.from(
        { length: 200 },
        () => new Promise<IncomingMessage>((resolve) => get(`${proxy.base}/endless`, { agent: new Agent() }, resolve)),
      ),
    );
    expect((await fetch(proxy.base)).status).toBe(200);
    expect((await proxy.counts('blue')).open).toBe(200);
    for (const stream of streams) stream.destroy();
    await until(() => service.cut() === 200);
    await until(async () => (await proxy.counts('blue')).open === 0);
  });
});

describe('when one end goes away', () => {
  test('a user who leaves ends the request to the service, too', async () => {
    const outgoing = get(`${proxy.base}/endless`, { agent: new Agent() }, (answer) =>
      answer.once('data', () => outgoing.destroy()),
    );
    outgoing.on('error', () => {});
    await until(() => service.cut() === 1);
  });

  test('a user who leaves in the middle of an upload, too', async () => {
    const outgoing = request(proxy.base, {
      method: 'POST',
      agent: new Agent(),
      headers: { 'content-length': '1000000' },
    });
    outgoing.on('error', () => {});
    outgoing.write(Buffer.alloc(100_000));
    await until(async () => (await proxy.counts('blue')).open === 1);
    outgoing.destroy();
    await until(() => service.cut() === 1);
    await until(async () => (await proxy.counts('blue')).open === 0);
    expect(service.seen).toEqual([]);
  });
});
