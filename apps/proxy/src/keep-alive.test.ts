import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Running, type Service, startProxyBefore, startService } from './testing/fixture.ts';

// A service closes connections that were idle for a while. A request that is on its way at that moment is lost, and half
// of these are POSTs that nobody may repeat: so the proxy must never use a connection that its service may be closing.

let service: Service;
let proxy: Running;
let received: number;
let connections: number;

beforeEach(async () => {
  received = 0;
  connections = 0;
  service = await startService((incoming, response) => {
    incoming.resume().on('end', () => {
      received++;
      response.end('done');
    });
  });
  service.server.on('connection', () => connections++);
  proxy = await startProxyBefore(service.port);
});
afterEach(async () => {
  await proxy.stop();
  await service.close();
});

/** A POST on the user's own kept connection to the proxy; its status, or what went wrong. */
function post(agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const options = { method: 'POST', agent, headers: { 'content-type': 'text/plain' } };
    const outgoing = request(proxy.base, options, (answer) => {
      answer.resume().on('end', () => resolve(String(answer.statusCode)));
    });
    outgoing.on('error', (error) => resolve(error.message));
    outgoing.end('order');
  });
}

async function think(users: number, turns: number, thinkMs: (turn: number) => number): Promise<Record<string, number>> {
  const results: Record<string, number> = {};
  const user = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let turn = 0; turn < turns; turn++) {
      const result = await post(agent);
      results[result] = (results[result] ?? 0) + 1;
      await delay(thinkMs(turn));
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: users }, user));
  return results;
}

describe('users who think for as long as the service keeps idle connections', () => {
  test('of plain node:http, 5 to 6 s: no order is lost and none arrives twice', async () => {
    expect(await think(150, 6, () => 4_000 + Math.random() * 2_500)).toEqual({ '200': 900 });
    expect(received).toBe(900);
  });

  test('of a service that closes after 2 s and does not say so: none is lost either', async () => {
    service.server.keepAliveTimeout = 2_000;
    // node:http keeps a connection for a second more than it says; this one says nothing and keeps none.
    Object.assign(service.server, { keepAliveTimeoutBuffer: 0 });
    service.server.on('request', (_incoming, response) => response.setHeader('connection', 'keep-alive'));
    expect(await think(100, 12, () => 1_800 + Math.random() * 400)).toEqual({ '200': 1_200 });
    expect(received).toBe(1_200);
  });

  test('who think briefly share the connections that are there', async () => {
    expect(await think(10, 40, () => 20)).toEqual({ '200': 400 });
    expect(connections).toBeLessThan(40);
  });
});
