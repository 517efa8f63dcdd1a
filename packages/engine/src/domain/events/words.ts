// Fields that several events have in common.

import type { OutcomeKind, PlannedStep } from '../deployment.ts';
import type { ObservedNode, Routing } from '../routing.ts';
import type { Role, SlotName } from '../target.ts';
import { type Field, listOf, oneOf, record, type Shape, text } from './shape.ts';

export const slot: Field<SlotName> = oneOf('blue', 'green');
export const role: Field<Role> = oneOf('active', 'preview', 'standby', 'idle');
export const outcome: Field<OutcomeKind> = oneOf(
  'promoted',
  'aborted',
  'rolled-back',
  'failed',
  'superseded',
  'cancelled',
  'halted',
);
export const steps: Field<readonly PlannedStep[]> = listOf(record<PlannedStep>());
export const routing: Field<Routing> = record<Routing>();
/** Nodes of a load balancer, with what each was seen to do. */
export const nodes: Field<readonly ObservedNode[]> = listOf(record<ObservedNode>());

/** What a side of a target runs. */
interface SideSaid {
  readonly slot: SlotName;
  readonly role?: string;
  readonly version?: string | null;
}

export const sides: Field<readonly SideSaid[]> = listOf(record<SideSaid>());

/** What is known of a change to a schema, in short; the row holds all of it. */
interface EvidenceSaid {
  readonly verdict: string;
  readonly headline: string;
}

export const evidence: Field<EvidenceSaid> = record<EvidenceSaid>();

/** No detail at all. */
export const nothing = {} as const satisfies Shape;
export const inSlot = { slot } as const satisfies Shape;
export const contract = { contract: text } as const satisfies Shape;
