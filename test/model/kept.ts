// Sequences that once ended otherwise than the rules say, shortened, each with what it was.

import type { Act } from './acts.ts';
import type { Plan } from './configuration.ts';

interface Kept {
  /** What the engine did. */
  readonly was: string;
  readonly plan: Plan;
  readonly liveBefore: number;
  readonly acts: readonly Act[];
}

export const keptSequences: readonly Kept[] = [];
