// Connections that are closed one after another before a reload: meanwhile the right side serves every user.

import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { momentNow } from '../../lib/moment.ts';
import type { CountingBalancer } from '../capabilities.ts';
import { sideOf } from '../contract/user.ts';
import { beginClosing, endClosing } from './closing.ts';
import { type NginxStage, nginxStage, routed } from './testing-stage.ts';

let stage: NginxStage;
let balancer: CountingBalancer;
/** Of a user who asks for a persistent connection. */
let agent: Agent;
beforeEach(async () => {
  stage = await nginxStage();
  agent = new Agent({ keepAlive: true });
  balancer = stage.balancer();
  await balancer.ensure();
  await balancer.apply(routed(1, { active: 'blue', preview: 'green' }), 1);
});
afterEach(async () => {
  agent.destroy();
  await stage.end();
});

/** A user, what becomes of his connection, a tester, and an event stream. */
async function served(): Promise<readonly unknown[]> {
  const user = await stage.user({ agent });
  const tester = await stage.user({ agent, headers: { 'x-preview': stage.options.spec.preview?.token ?? '' } });
  const stream = await stage.user({ agent, headers: { accept: 'text/event-stream' } });
  return [sideOf(user), user.headers.connection, sideOf(tester), sideOf(stream), stream.headers.connection];
}

describe('while a reload is being prepared', () => {
  test('every user is asked to connect again, streams are not, and the right side serves all', async () => {
    beginClosing(stage.places.routing, systemClock);
    expect(await served()).toEqual(['blue', 'close', 'green', 'blue', 'keep-alive']);
    expect(await balancer.observe()).toMatchObject([{ reachable: true, routing: { generation: 1, active: 'blue' } }]);
    await balancer.apply(routed(2, { active: 'green' }), 1);
    expect(await served()).toEqual(['green', 'close', 'status 503', 'green', 'keep-alive']);
    await balancer.apply(routed(3, {}), 1);
    expect((await stage.user({ agent })).status).toBe(503);
    expect(await balancer.observe()).toMatchObject([{ reachable: true, routing: routed(3, {}) }]);
    await balancer.apply(routed(4, { active: 'blue' }), 1);
    endClosing(stage.places.routing);
    expect(await served()).toEqual(['blue', 'keep-alive', 'status 503', 'blue', 'keep-alive']);
  });
});

describe('a reload that was cut short', () => {
  test('does not go on asking users to connect again', async () => {
    const closing = join(stage.places.routing, 'closing');
    beginClosing(stage.places.routing, systemClock);
    expect((await stage.user({ agent })).headers.connection).toBe('close');
    await balancer.ensure();
    expect(existsSync(closing)).toBe(true); // another engine may be reloading just now
    const tenMinutesAgo = { ...momentNow(systemClock), monotonicMs: systemClock.monotonic() - 600_000 };
    writeFileSync(closing, JSON.stringify(tenMinutesAgo));
    await balancer.ensure();
    expect(existsSync(closing)).toBe(false);
    expect((await stage.user({ agent })).headers.connection).toBe('keep-alive');
  });

  test.each([
    ['an hour back', -3_600_000],
    ['an hour ahead', 3_600_000],
  ])('is told from one that goes on where the clock was set %s', async (_, jumpMs) => {
    const closing = join(stage.places.routing, 'closing');
    const moved = stage.balancer({ clock: { ...systemClock, now: () => Date.now() + jumpMs } });
    beginClosing(stage.places.routing, systemClock);
    await moved.ensure();
    expect(existsSync(closing)).toBe(true);
    writeFileSync(closing, JSON.stringify({ ...momentNow(systemClock), bootId: 'before-the-restart' }));
    await moved.ensure();
    expect(existsSync(closing)).toBe(false);
  });

  test('or a link removed by hand costs a connection for each answer until the engine looks, and no user', async () => {
    rmSync(join(stage.places.routing, 'open'));
    expect(await served()).toEqual(['blue', 'close', 'green', 'blue', 'keep-alive']);
    await balancer.ensure();
    expect(await served()).toEqual(['blue', 'keep-alive', 'green', 'blue', 'keep-alive']);
  });
});
