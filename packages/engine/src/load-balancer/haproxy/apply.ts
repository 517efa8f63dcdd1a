// One routing for all nodes. Forward, all follow or all go back to what they had. Back, each node that can follow does,
// and the others are tried again for a while. The file comes last: a reload or a reboot finds what was followed.

import { sleepUnref } from '../../lib/clock.ts';
import { BlueGreenError, hasCode, messageOf } from '../../lib/errors.ts';
import type { ApplyOptions } from '../load-balancer.ts';
import type { HaproxyNode, Parts } from './parts.ts';
import { judgeOrder, type RoutingOrder } from './routing-word.ts';

export interface Follower {
  apply(order: RoutingOrder, options: ApplyOptions): Promise<void>;
  /** Nodes that are still being tried, each with the reason. */
  readonly laggards: ReadonlyMap<string, string>;
}

/**
 * A HAProxy that is being reloaded has read the file before it takes over the socket: a change in between reaches the
 * process that is about to end. So the driver checks each node that followed again, and sends it the routing again.
 */
const lookAgainAfterMs = [250, 750, 2_000, 5_000] as const;
const chaseEveryMs = 2_000;
const chaseLimitMs = 15 * 60_000;

export function createFollower(parts: Parts): Follower {
  const laggards = new Map<string, string>();
  let latest: RoutingOrder | undefined;
  const chase = async (node: HaproxyNode, order: RoutingOrder) => {
    const { clock, log } = parts;
    for (const end = clock.monotonic() + chaseLimitMs; clock.monotonic() < end && latest === order; ) {
      await sleepUnref(chaseEveryMs);
      if (latest !== order) return;
      const problem = await attempt(node, order);
      if (problem === undefined) {
        laggards.delete(node.name);
        log.info({ node: node.name, generation: order.routing.generation }, 'load balancer node follows at last');
        return;
      }
      if (hasCode(problem, 'fenced-out') || hasCode(problem, 'balancer-stale-generation')) break;
      laggards.set(node.name, messageOf(problem));
    }
    log.error({ node: node.name, why: laggards.get(node.name) }, 'load balancer node did not follow, and is given up');
  };
  const lookAgain = async (order: RoutingOrder) => {
    for (const afterMs of lookAgainAfterMs) {
      await sleepUnref(afterMs);
      if (latest !== order) return;
      await Promise.all(parts.nodes.map((node) => tellAgain(parts, node, order)));
    }
  };
  return {
    laggards,
    apply: async (order, { direction }) => {
      latest = order;
      laggards.clear();
      const behind = await applyNow(parts, order, direction);
      for (const { node, problem } of behind) {
        laggards.set(node.name, messageOf(problem));
        parts.log.warn(
          { node: node.name, why: messageOf(problem) },
          'load balancer node does not follow; the others do, and it is tried again',
        );
        // Not waited for: it ends by itself, and does not prevent the end of the process.
        void chase(node, order).catch(() => {});
      }
      void lookAgain(order).catch(() => {});
    },
  };
}

async function tellAgain({ log }: Parts, node: HaproxyNode, order: RoutingOrder): Promise<void> {
  const seen = await node.runtime.read().catch(() => order);
  if (seen !== undefined && seen.routing.generation >= order.routing.generation) return;
  const problem = await attempt(node, order);
  log.warn(
    {
      node: node.name,
      generation: order.routing.generation,
      why: problem === undefined ? undefined : messageOf(problem),
    },
    'load balancer node was reloaded during a change, and was updated again',
  );
}

interface Failure {
  readonly node: HaproxyNode;
  readonly problem: unknown;
}

async function applyNow(parts: Parts, order: RoutingOrder, direction: 'forward' | 'back'): Promise<readonly Failure[]> {
  const { nodes, file } = parts;
  file.claim(order.fence);
  refuseByFile(parts, order);
  const written = file.write(order);
  const before = await Promise.all(nodes.map(({ runtime }) => runtime.read().catch(() => undefined)));
  const problems = await Promise.all(nodes.map((node) => attempt(node, order)));
  const failures = nodes.flatMap((node, at) => (problems[at] === undefined ? [] : [{ node, problem: problems[at] }]));
  const lost = problems.find(
    (problem) => hasCode(problem, 'fenced-out') || hasCode(problem, 'balancer-stale-generation'),
  );
  if (lost !== undefined || failures.length === nodes.length || (failures.length > 0 && direction === 'forward')) {
    const kept = await putBack(parts, order, { before, problems });
    throw lost ?? refusalOf(failures, kept);
  }
  written.moveIntoPlace();
  return failures;
}

async function attempt({ runtime }: HaproxyNode, order: RoutingOrder): Promise<unknown> {
  return runtime.change(order).then(
    () => undefined,
    (thrown: unknown) => thrown ?? new Error('failed'),
  );
}

/** HAProxy may have been restarted with this file a moment ago, or be down: then the file decides. */
function refuseByFile({ file }: Parts, order: RoutingOrder): void {
  const present = file.read();
  if (present === undefined || present === 'unreadable') return;
  if (judgeOrder(present, order) !== 'fenced-out') return;
  throw new BlueGreenError('fenced-out', `fence ${order.fence} is lower than ${present.fence}, which was seen already`);
}

interface Attempts {
  readonly before: readonly (RoutingOrder | undefined)[];
  readonly problems: readonly unknown[];
}

/** Gives the nodes that followed what they had, under our fence. @returns nodes that could not be restored. */
async function putBack(
  { nodes }: Parts,
  order: RoutingOrder,
  { before, problems }: Attempts,
): Promise<readonly string[]> {
  const results = await Promise.all(
    nodes.map(async ({ runtime, name }, at) => {
      const had = before[at];
      // One that failed may have followed all the same, with its answer lost.
      if (had === undefined) return problems[at] === undefined ? [name] : [];
      const put = runtime.restore({ routing: had.routing, fence: order.fence });
      return put.then(
        () => [],
        () => (problems[at] === undefined ? [name] : []),
      );
    }),
  );
  return results.flat();
}

function refusalOf(failures: readonly Failure[], kept: readonly string[]): unknown {
  const [only, ...more] = failures;
  if (only === undefined) return new BlueGreenError('balancer-unreachable', 'the load balancer has no nodes');
  const sentences = failures.map(({ node, problem }) => `${node.name}: ${messageOf(problem)}`);
  const allUnreachable = failures.every(({ problem }) => hasCode(problem, 'balancer-unreachable'));
  if (allUnreachable && more.length === 0 && kept.length === 0 && only.node.name === 'managed') return only.problem;
  const rest = kept.length === 0 ? 'all others have what they had' : `and ${kept.join(', ')} could not be restored`;
  return new BlueGreenError('balancer-unsettled', `not every node follows (${sentences.join('; ')}); ${rest}`);
}
