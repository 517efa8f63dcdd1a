// Fields that several events have in common.

import { count, type Field, listOf, oneOf, record, type Shape, text } from './shape.ts';

export const slot = oneOf('blue', 'green');
export const role = oneOf('active', 'preview', 'standby', 'idle');

interface RoutingSaid {
  readonly generation: number;
  readonly active: 'blue' | 'green' | undefined;
  readonly canary: { readonly slot: 'blue' | 'green'; readonly percent: number } | undefined;
  readonly preview: 'blue' | 'green' | undefined;
}

export const routing: Field<RoutingSaid> = record<RoutingSaid>();

interface NodeSaid {
  readonly node: string;
  readonly problem?: string;
}

/** Addresses of a load balancer, with what each was seen to do. */
export const nodes: Field<readonly NodeSaid[]> = listOf(record<NodeSaid>());

/** No detail at all. */
export const nothing = {} as const satisfies Shape;

export const inSlot = { slot } as const satisfies Shape;

/** A message was given up after so many attempts. */
export const attempts: Field<number> = count;

export const contract = { contract: text } as const satisfies Shape;
