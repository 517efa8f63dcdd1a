// What the users of a service saw, by phase of the migration and release.

import { median, percentile } from '../figures.ts';
import type { ReleaseName } from './releases.ts';

export interface Exchange {
  readonly phase: string;
  readonly release: ReleaseName;
  /** From when it was due to its commit. */
  readonly ms: number;
  readonly failure: string | undefined;
}

/** Of one process of users. */
export interface Tally {
  readonly exchanges: readonly Exchange[];
  /** Due while so many were waiting already that no further one was begun. */
  readonly notBegun: number;
  /** Reads that did not see what was last written. */
  readonly wrongReads: number;
  /** What each row holds that was written, by id. */
  readonly written: readonly (readonly [id: string, value: string])[];
}

export interface Line {
  readonly phase: string;
  readonly release: ReleaseName;
  readonly transactions: number;
  readonly failed: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

/** In the order in which they began. */
export function linesOf({ exchanges }: Tally): readonly Line[] {
  const groups = Map.groupBy(exchanges, ({ phase, release }) => `${phase}\n${release}`);
  return [...groups.values()].map((group) => {
    const [first] = group as [Exchange];
    const waits = group.map(({ ms }) => ms);
    return {
      phase: first.phase,
      release: first.release,
      transactions: group.length,
      failed: group.filter(({ failure }) => failure !== undefined).length,
      medianMs: median(waits),
      p99Ms: percentile(waits, 0.99),
      longestMs: longest(waits),
    };
  });
}

export const failuresOf = ({ exchanges }: Tally): readonly string[] =>
  exchanges.flatMap(({ failure }) => failure ?? []);

export const waitsOf = ({ exchanges }: Tally, phases: readonly string[]): readonly number[] =>
  exchanges.filter(({ phase }) => phases.includes(phase)).map(({ ms }) => ms);

export const longest = (waits: readonly number[]): number => waits.reduce((most, ms) => Math.max(most, ms), 0);
