// The load client against real servers that do right, and that do wrong in each of the ways that it must notice.

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Answer, flippedUsers, type LoadOptions, startLoad } from './load-client.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Serve = (request: IncomingMessage, response: ServerResponse, body: string, count: number) => void;

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

function shop(serve: Serve): Promise<string> {
  let count = 0;
  return listen(
    createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => serve(request, response, body, count++));
    }),
  );
}

function rightAnswer(request: IncomingMessage, body: string): Record<string, unknown> {
  if (request.method === 'GET') return { products: [{ id: 1 }], slot: 'blue', version: 'v1' };
  const checksum = createHash('sha256').update(body).digest('hex');
  return { status: 'accepted', id: JSON.parse(body).id, checksum, times: 1, slot: 'blue', version: 'v1' };
}

const good: Serve = (request, response, body) =>
  response.setHeader('x-shop', 'blue v1').end(JSON.stringify(rightAnswer(request, body)));

async function ask(url: string, options: Partial<LoadOptions> = {}) {
  const answers: Answer[] = [];
  const onAnswer = (answer: Answer) => answers.push(answer);
  const limits = { perSecond: 200, maxRequests: 20, maxMs: 20_000, timeoutMs: 5_000 };
  const tally = await startLoad({ url, ...limits, onAnswer, ...options }).ended;
  return { tally, answers };
}

describe('the load client', () => {
  it('counts right answers, half of them orders, half on keep-alive connections', async () => {
    const connections = new Set<unknown>();
    const url = await shop((request, response, body, count) => {
      connections.add(request.socket);
      good(request, response, body, count);
    });
    const { tally, answers } = await ask(url, { maxRequests: 40, keptConnections: 2 });
    expect(tally).toMatchObject({ sent: 40, ok: 40, lost: 0, badRelease: 0, underWay: 0, versions: { v1: 40 } });
    expect(answers.filter(({ method }) => method === 'POST')).toHaveLength(20);
    expect(answers.filter(({ keptAlive }) => keptAlive)).toHaveLength(20);
    expect(connections.size).toBeGreaterThanOrEqual(21);
    expect(connections.size).toBeLessThanOrEqual(22);
  });

  it('sends each user the cookies that the server gave to that user', async () => {
    const seen = new Map<string | undefined, number>();
    let users = 0;
    const url = await shop((request, response, body, count) => {
      const { cookie } = request.headers;
      seen.set(cookie, (seen.get(cookie) ?? 0) + 1);
      if (cookie === undefined) response.setHeader('set-cookie', `bg_bucket=user${users++}; Path=/; HttpOnly`);
      good(request, response, body, count);
    });
    await ask(url, { maxRequests: 40, users: 4 });
    expect(seen.get(undefined)).toBe(4);
    expect(seen.get('bg_bucket=user0')).toBeGreaterThan(5);
  });

  it('notices a server that drops the connection', async () => {
    const url = await shop((request, response, body, count) => {
      if (count % 4 === 3) request.socket.destroy();
      else good(request, response, body, count);
    });
    const { tally } = await ask(url);
    expect(tally).toMatchObject({ sent: 20, ok: 15, lost: 5 });
    expect(tally.problems[0]).toMatch(/ECONNRESET/);
  });

  it('notices an answer that is cut off, with and without a length', async () => {
    const url = await shop((_, response, __, count) => {
      response.setHeader('x-shop', 'blue v1');
      if (count % 2 === 0) response.setHeader('content-length', 1_000);
      response.write('{"products":[{"id":1}],');
      setTimeout(() => response.destroy(), 20);
    });
    const { tally } = await ask(url);
    expect(tally).toMatchObject({ ok: 0, lost: 20 });
  });

  it.each<[string, (right: Record<string, unknown>) => Record<string, unknown>]>([
    ['another order id', (right) => ({ ...right, id: 'x', products: undefined })],
    ['another checksum', (right) => ({ ...right, checksum: 'x', products: undefined })],
    ['an order that came twice', (right) => ({ ...right, times: 2, products: undefined })],
    ['an empty list of products', (right) => ({ ...right, status: undefined, products: [] })],
    ['another version than in the head', (right) => ({ ...right, version: 'v9' })],
  ])('notices %s', async (_, change) => {
    const url = await shop((request, response, body) =>
      response.setHeader('x-shop', 'blue v1').end(JSON.stringify(change(rightAnswer(request, body)))),
    );
    expect((await ask(url)).tally).toMatchObject({ ok: 0, lost: 20 });
  });

  it('counts an error of a release that is known to be bad apart, and of any other as lost', async () => {
    const url = await shop((_, response, __, count) =>
      response
        .setHeader('x-shop', count % 2 ? 'green v2-bad' : 'blue v1')
        .writeHead(500)
        .end('{"error":"jammed"}'),
    );
    const { tally } = await ask(url, { badVersions: ['v2-bad'] });
    expect(tally).toMatchObject({ ok: 0, badRelease: 10, lost: 10 });
  });

  it('counts an error that only the balancer can have answered as lost', async () => {
    const url = await shop((_, response) => response.writeHead(502).end('There is no answer.\n'));
    const { tally } = await ask(url, { badVersions: ['v2-bad'] });
    expect(tally).toMatchObject({ ok: 0, badRelease: 0, lost: 20 });
    expect(tally.problems[0]).toMatch(/502 that no release answered: There is no answer/);
  });

  it('notices that no process listens, and that no process answers', async () => {
    const silent = await listen(createTcpServer((socket) => socket.on('error', () => undefined).resume()));
    expect((await ask(silent, { maxRequests: 4, timeoutMs: 300 })).tally.problems[0]).toMatch(/within 300 ms/);
    const [server] = servers.splice(0);
    await new Promise((resolve) => {
      server?.close(resolve);
    });
    expect((await ask(silent, { maxRequests: 4 })).tally).toMatchObject({ ok: 0, lost: 4 });
  });

  it('ends by itself when its time is over, and at once on a signal', async () => {
    const url = await shop(good);
    expect((await ask(url, { maxRequests: 100_000, maxMs: 500 })).tally.sent).toBeLessThan(200);
    const load = startLoad({ url, perSecond: 100, maxRequests: 100_000, maxMs: 600_000 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await load.stop()).underWay).toBe(0);
  });

  it('separates users who were sent back and forth from those who changed sides once', () => {
    const answer = (user: number, version: string) => ({ user, version }) as Answer;
    const seen = ['v1', 'v1', 'v2', 'v2'].map((version) => answer(1, version));
    expect(flippedUsers(seen)).toEqual([]);
    expect(flippedUsers([...seen, answer(2, 'v1'), answer(1, 'v1')])).toEqual([1]);
  });
});
