// The routing in force. A change is judged, written to disk, and only then followed: a confirmed one survives a crash.

import { isDeepStrictEqual } from 'node:util';
import type { Routing, RoutingOrder } from '@bg/engine';
import { messageOf } from './log.ts';
import { persistRouting, restoreRouting } from './routing-file.ts';

export interface RoutingState {
  /** Undefined while the routing file could not be read. */
  readonly routing: Routing | undefined;
  readonly fence: number;
  readonly problem: string | undefined;
}

export type Verdict = 'newer' | 'same' | 'stale-generation' | 'fenced-out';

export type Change =
  | { readonly kind: 'in-force' }
  | {
      readonly kind: 'refused';
      readonly why: 'stale-generation' | 'fenced-out' | 'not-persisted';
      readonly message: string;
    };

export interface RoutingKeeper {
  current(): RoutingState;
  /** One at a time, in the order of the calls. */
  change(order: RoutingOrder): Promise<Change>;
}

const nobody: Routing = { generation: 0, active: undefined, canary: undefined, preview: undefined };

export function judgeOrder(state: RoutingState, order: RoutingOrder): Verdict {
  if (order.fence < state.fence) return 'fenced-out';
  if (state.routing === undefined || order.routing.generation > state.routing.generation) return 'newer';
  return isDeepStrictEqual(order.routing, state.routing) ? 'same' : 'stale-generation';
}

export function createRoutingKeeper(path: string): RoutingKeeper {
  let state = restoredState(path);
  let queue: Promise<unknown> = Promise.resolve();

  async function changeNow(order: RoutingOrder): Promise<Change> {
    const verdict = judgeOrder(state, order);
    if (verdict === 'fenced-out' || verdict === 'stale-generation')
      return { kind: 'refused', why: verdict, message: refusalOf(verdict, state, order) };
    if (verdict === 'same' && order.fence === state.fence) return { kind: 'in-force' };
    try {
      await persistRouting(path, order);
    } catch (thrown) {
      return { kind: 'refused', why: 'not-persisted', message: `cannot write ${path}: ${messageOf(thrown)}` };
    }
    state = { ...order, problem: undefined };
    return { kind: 'in-force' };
  }

  return {
    current: () => state,
    change: (order) => {
      const change = queue.then(() => changeNow(order));
      queue = change;
      return change;
    },
  };
}

function restoredState(path: string): RoutingState {
  const restored = restoreRouting(path);
  switch (restored.kind) {
    case 'restored':
      return { ...restored.order, problem: undefined };
    case 'none':
      return { routing: nobody, fence: 0, problem: undefined };
    case 'unreadable':
      return { routing: undefined, fence: 0, problem: restored.problem };
    default:
      return restored satisfies never;
  }
}

function refusalOf(verdict: 'fenced-out' | 'stale-generation', state: RoutingState, order: RoutingOrder): string {
  return verdict === 'fenced-out'
    ? `fence ${order.fence} is lower than ${state.fence}, which was seen already`
    : `generation ${order.routing.generation} does not grow beyond ${state.routing?.generation}, which is in force`;
}
