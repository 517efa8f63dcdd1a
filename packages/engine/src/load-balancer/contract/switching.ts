// Users who send requests without a pause while the balancer is switched back and forth: no request may be lost, and
// none answered by a side that was no longer active when the request began.

import { createHash, randomBytes, randomInt } from 'node:crypto';
import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { otherSlot, type SlotName } from '../../domain/target.ts';
import type { BalancerCore } from '../load-balancer.ts';
import { call, type Reply } from './user.ts';

export interface SwitchingOptions {
  readonly balancer: BalancerCore;
  readonly base: string;
  /** In force already when this begins. */
  readonly generation: number;
  readonly active: SlotName;
  readonly fence: number;
  readonly switches: number;
}

export interface SwitchingStory {
  readonly requests: number;
  readonly posts: number;
  readonly freshConnections: number;
  /** One sentence each: no answer, a cut one, another status, or a body that was not ours. */
  readonly lost: readonly string[];
  readonly stale: number;
  readonly slowestSwitchMs: number;
}

/** Which side may answer: all that were active between a request's begin and its end. */
interface Sides {
  readonly inOrder: SlotName[];
  /** Index of the last side that `apply` has confirmed. */
  settled: number;
  over: boolean;
}

interface Tally {
  requests: number;
  posts: number;
  freshConnections: number;
  readonly lost: string[];
  stale: number;
}

const keepAliveUsers = 12;
const freshUsers = 4;

export async function switchUnderLoad(options: SwitchingOptions): Promise<SwitchingStory> {
  const sides: Sides = { inOrder: [options.active], settled: 0, over: false };
  const tally: Tally = { requests: 0, posts: 0, freshConnections: 0, lost: [], stale: 0 };
  const agent = new Agent({ keepAlive: true, maxSockets: keepAliveUsers });
  const users = [
    ...Array.from({ length: keepAliveUsers }, () => useOften(options.base, sides, tally, agent)),
    ...Array.from({ length: freshUsers }, () => useOften(options.base, sides, tally, undefined)),
  ];
  try {
    const slowestSwitchMs = await switchOften(options, sides);
    return { ...tally, slowestSwitchMs };
  } finally {
    sides.over = true;
    await Promise.all(users);
    agent.destroy();
  }
}

async function switchOften({ balancer, generation, fence, switches }: SwitchingOptions, sides: Sides): Promise<number> {
  let slowest = 0;
  for (let count = 1; count <= switches; count++) {
    const active = otherSlot(sides.inOrder.at(-1) ?? 'green');
    const began = performance.now();
    sides.inOrder.push(active);
    await balancer.apply({ generation: generation + count, active, canary: undefined, preview: undefined }, fence);
    sides.settled = sides.inOrder.length - 1;
    slowest = Math.max(slowest, performance.now() - began);
    await delay(25);
  }
  return slowest;
}

async function useOften(base: string, sides: Sides, tally: Tally, agent: Agent | undefined): Promise<void> {
  for (let turn = 0; !sides.over; turn++) {
    const body = turn % 2 === 0 ? undefined : randomBytes(randomInt(1, 32_768));
    const first = sides.settled;
    tally.requests++;
    if (body) tally.posts++;
    if (!agent) tally.freshConnections++;
    try {
      const sent = { ...(body ? { method: 'POST', body } : {}), ...(agent ? { agent } : {}) };
      const allowed = check(await call(base, sent), body);
      if (!sides.inOrder.slice(first).includes(allowed)) tally.stale++;
    } catch (thrown) {
      tally.lost.push(String(thrown));
    }
    await delay(randomInt(0, 8));
  }
}

function check(reply: Reply, body: Buffer | undefined): SlotName {
  if (reply.status !== 200) throw new Error(`status ${reply.status}`);
  const { slot, bytes, sha256 } = JSON.parse(reply.body) as { slot: SlotName; bytes: number; sha256: string };
  const expected = createHash('sha256')
    .update(body ?? '')
    .digest('hex');
  if (bytes !== (body?.length ?? 0) || sha256 !== expected) throw new Error('the body did not arrive as it was sent');
  return slot;
}
