// Both sides of a deployment over time, as charts show them.

import type { TrendPoint } from '../analysis/trend.ts';
import type { Confounder } from '../domain/confounder.ts';

export interface TrendView {
  readonly version: string;
  readonly from: string | undefined;
  /** Oldest first; at least one. */
  readonly points: readonly TrendPoint[];
  /** Undefined while it is open. */
  readonly decision: TrendDecision | undefined;
  /** What else changed while users were on both sides; absent where nothing did. */
  readonly marks?: readonly Confounder[] | undefined;
}

export interface TrendDecision {
  readonly at: number;
  /** `reverted`: users went back to the stable side. */
  readonly kind: 'promoted' | 'reverted';
}
