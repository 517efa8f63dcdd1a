// The whole routing as one word in one map entry: one lookup per request, one atomic step to change it, and the fence
// is in the same place as what it guards. `12:7:blue:green:1000:none:green` is generation, fence, active side,
// canary's side, canary's buckets of 10,000, preview, and the side that named users see.

import type { Fence, Routing } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';

export interface RoutingOrder {
  readonly routing: Routing;
  readonly fence: Fence;
}

export const bucketsInAll = 10_000;
export const mapKey = 'routing';

export const nobodyYet: RoutingOrder = {
  routing: { generation: 0, active: undefined, canary: undefined, preview: undefined },
  fence: 0,
};

export function toWord({ routing, fence }: RoutingOrder): string {
  const { generation, active, canary, preview } = routing;
  const share = Math.round(((canary?.percent ?? 0) * bucketsInAll) / 100);
  const newSide = canary?.slot ?? preview;
  const names = [active, canary?.slot].map(named);
  return [generation, fence, ...names, share, named(preview), named(newSide)].join(':');
}

/** Undefined for anything that `toWord` would not have written. */
export function fromWord(word: string): RoutingOrder | undefined {
  const [generation = '', fence = '', active = '', canary = '', share = '', preview = ''] = word.split(':');
  if (![generation, fence, share].every((number) => /^\d{1,15}$/.test(number))) return undefined;
  const slot = slotNamed(canary);
  const order = {
    routing: {
      generation: Number(generation),
      active: slotNamed(active),
      canary: slot && { slot, percent: (Number(share) * 100) / bucketsInAll },
      preview: slotNamed(preview),
    },
    fence: Number(fence),
  };
  return toWord(order) === word ? order : undefined;
}

export type Verdict = 'newer' | 'same' | 'stale-generation' | 'fenced-out';

/** Pure: may this order replace what is in force? Undefined in force: the present value could not be read. */
export function judgeOrder(inForce: RoutingOrder | undefined, order: RoutingOrder): Verdict {
  if (inForce === undefined) return 'newer';
  if (order.fence < inForce.fence) return 'fenced-out';
  if (order.routing.generation > inForce.routing.generation) return 'newer';
  if (!sameRouting(order.routing, inForce.routing)) return 'stale-generation';
  return order.fence === inForce.fence ? 'same' : 'newer';
}

const sameRouting = (left: Routing, right: Routing): boolean =>
  toWord({ routing: left, fence: 0 }) === toWord({ routing: right, fence: 0 });

const named = (slot: SlotName | undefined): string => slot ?? 'none';

const slotNamed = (text: string): SlotName | undefined => (text === 'blue' || text === 'green' ? text : undefined);
