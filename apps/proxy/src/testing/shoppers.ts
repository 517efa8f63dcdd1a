// Users who order again and again on a persistent connection, with time to think in between.

import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Running } from './fixture.ts';

/** A POST on the user's persistent connection to the proxy; its status, or what went wrong. */
function post({ base }: Running, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const options = { method: 'POST', agent, headers: { 'content-type': 'text/plain' } };
    const outgoing = request(base, options, (answer) => {
      answer.resume().on('end', () => resolve(String(answer.statusCode)));
    });
    outgoing.on('error', (error) => resolve(error.message));
    outgoing.end('order');
  });
}

interface Habits {
  readonly users: number;
  readonly orders: number;
  readonly thinkMs: () => number;
}

/** Results of all orders, counted. */
export async function shop(proxy: Running, { users, orders, thinkMs }: Habits): Promise<Record<string, number>> {
  const results: Record<string, number> = {};
  const user = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let order = 0; order < orders; order++) {
      const result = await post(proxy, agent);
      results[result] = (results[result] ?? 0) + 1;
      if (order < orders - 1) await delay(thinkMs());
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: users }, user));
  return results;
}
