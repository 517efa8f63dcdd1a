import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent, get, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
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

describe('bodies', () => {
  const upload = (path: string, body: Buffer, headers: Record<string, string> = {}) =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const outgoing = request(`${proxy.base}${path}`, { method: 'POST', headers, agent: new Agent() }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode, text }));
        answer.on('error', reject);
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  test.each([
    ['with a length', {}],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('of 20 MB arrive whole, %s', async (_name, headers) => {
    const body = randomBytes(20_000_000);
    expect((await upload('/', body, headers)).status).toBe(200);
    expect(service.last()).toMatchObject({
      bytes: body.length,
      sha256: createHash('sha256').update(body).digest('hex'),
    });
  });

  test('of a DELETE and an empty POST pass as well', async () => {
    await fetch(proxy.base, { method: 'DELETE', body: 'reason' });
    expect(service.last()).toMatchObject({ method: 'DELETE', bytes: 6 });
    await fetch(proxy.base, { method: 'POST' });
    expect(service.last()).toMatchObject({ method: 'POST', bytes: 0, headers: { 'content-length': '0' } });
  });

  test('an answer that comes before the whole body arrives whole, and then the connection is given up', async () => {
    const unfinished = `${head(['POST /early HTTP/1.1', 'Host: a', 'Content-Length: 100000000'])}${'x'.repeat(10_000)}`;
    const { received, closedBy } = await readSlowly(unfinished);
    expect(received).toMatch(/^HTTP\/1\.1 413 /);
    const whole = `${'too large '.repeat(500_000)}and that is all`;
    expect(bodyIn(received) === whole).toBe(true);
    expect(closedBy).toBe('proxy');
  });

  test('Expect: 100-continue is answered when the service begins to read', async () => {
    const answer = await exchangeRaw(
      proxy.port,
      head(['POST / HTTP/1.1', 'Host: a', 'Content-Length: 5', 'Expect: 100-continue']),
      /100 Continue\r\n\r\n/,
    );
    expect(answer).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    const patient = request(proxy.base, { method: 'POST', headers: { expect: '100-continue', 'content-length': '5' } });
    const status = new Promise((resolve) => patient.on('response', (reply) => resolve(reply.resume().statusCode)));
    patient.flushHeaders();
    await new Promise((resolve) => patient.once('continue', resolve));
    patient.end('hello');
    expect(await status).toBe(200);
    expect(service.last()).toMatchObject({ bytes: 5 });
    expect(service.last().headers).toMatchObject({ expect: '100-continue' });
  });

  test('of an answer wait for a user who reads slowly, instead of filling memory', async () => {
    const before = await memoryOf(proxy);
    const slow = await Promise.all(
      Array.from(
        { length: 5 },
        () => new Promise<IncomingMessage>((resolve) => get(`${proxy.base}/large`, { agent: new Agent() }, resolve)),
      ),
    );
    for (const answer of slow) answer.pause();
    await delay(1_000);
    // 150 MB are on their way; what is held is a few buffers for each.
    expect((await memoryOf(proxy)) - before).toBeLessThan(70_000_000);
    const sizes = await Promise.all(
      slow.map(async (answer) => {
        let bytes = 0;
        for await (const chunk of answer) bytes += (chunk as Buffer).length;
        return bytes;
      }),
    );
    expect(sizes).toEqual(Array(5).fill(30_000_000));
  });
});

/** A user who takes a little every few milliseconds, and never sends the rest of what he announced. */
function readSlowly(bytes: string): Promise<{ received: string; closedBy: 'proxy' | 'limit' }> {
  return new Promise((resolve) => {
    let received = '';
    let closedBy: 'proxy' | 'limit' = 'proxy';
    const socket = connect(proxy.port, '127.0.0.1', () => socket.write(bytes));
    const limit = setTimeout(() => {
      closedBy = 'limit';
      socket.destroy();
    }, 25_000);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      socket.pause();
      setTimeout(() => socket.resume(), 2);
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(limit);
      resolve({ received, closedBy });
    });
  });
}

/** Of a chunked answer. Where one chunk ends and the next begins is chance: the proxy passes on what each read gave it. */
function bodyIn(received: string): string {
  let body = '';
  for (let at = received.indexOf('\r\n\r\n') + 4; ; ) {
    const line = received.indexOf('\r\n', at);
    const size = Number.parseInt(received.slice(at, line), 16);
    if (size === 0) return received.slice(line) === '\r\n\r\n' ? body : 'cut short';
    if (line === -1 || Number.isNaN(size)) return 'cut short';
    body += received.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}

async function memoryOf({ child }: Running): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}
