import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { httpRequest } from './http.ts';

let server: Server | undefined;

async function serve(answer: RequestListener, port = 0): Promise<string> {
  const started = createServer(answer);
  server = started;
  await new Promise<void>((resolve, reject) => started.once('error', reject).listen(port, '127.0.0.1', resolve));
  const address = started.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

describe('a one-shot request', () => {
  it('sends method, headers and body, and reads the whole answer', async () => {
    const url = await serve(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      response
        .setHeader('x-seen', `${request.method} ${request.headers['x-sent']}`)
        .writeHead(201)
        .end(body.toUpperCase());
    });
    const answer = await httpRequest({
      url,
      method: 'POST',
      headers: { 'x-sent': 'yes' },
      body: 'größe',
      timeoutMs: 5_000,
    });
    expect(answer).toMatchObject({ status: 201, body: 'GRÖSSE' });
    expect(answer.headers['x-seen']).toBe('POST yes');
  });

  it('does not follow a redirect', async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
    expect(await httpRequest({ url, timeoutMs: 5_000 })).toMatchObject({ status: 302 });
  });

  it('reaches a service on a port that browsers refuse', async () => {
    const url = await serve((_, response) => response.end('here'), 6000).catch(() => undefined);
    if (url === undefined) throw new Error('port 6000 is taken on this machine');
    expect(await httpRequest({ url, timeoutMs: 5_000 })).toMatchObject({ body: 'here' });
  });

  it('distinguishes an answer that does not come from a connection that fails', async () => {
    const url = await serve(() => {});
    await expect(httpRequest({ url, timeoutMs: 200 })).rejects.toMatchObject({
      code: 'http-timeout',
      message: expect.stringContaining('within 200 ms'),
    });
    await expect(httpRequest({ url: 'http://127.0.0.1:1/', timeoutMs: 5_000 })).rejects.toMatchObject({
      code: 'http-failed',
      message: expect.stringContaining('GET http://127.0.0.1:1/'),
    });
  });

  it('ends when an answer drips for longer than the limit, and reads no more than a megabyte', async () => {
    const dripping = await serve((_, response) => void setInterval(() => response.write('x'), 20).unref());
    await expect(httpRequest({ url: dripping, timeoutMs: 300 })).rejects.toMatchObject({ code: 'http-timeout' });
    server?.closeAllConnections();
    const endless = await serve((_, response) => response.end(Buffer.alloc(3 << 20, 'y')));
    expect((await httpRequest({ url: endless, timeoutMs: 10_000 })).body).toHaveLength(1 << 20);
  });

  it('gives up with the reason of the caller', async () => {
    const url = await serve(() => {});
    const reason = new Error('no longer wanted');
    await expect(httpRequest({ url, timeoutMs: 5_000, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
