// What a source of evidence from outside the load balancer answers about the two sides of a canary.

import type { Endpoint, SlotName } from './target.ts';

/** One time series: raw values of a counter with the times at which the source read them, ascending. */
export interface Series {
  /** Its labels; the same in every answer. */
  readonly id: string;
  readonly samples: readonly (readonly [atMs: number, value: number])[];
}

/** Of one side: what failed, of all. Without a series in `bad` nothing has failed yet. */
export interface PairOfCounters {
  readonly bad: readonly Series[];
  readonly all: readonly Series[];
}

/** Why a source has no number. `failed`: it could not be asked, or its answer could not be read. */
export type NoNumber = 'no-series' | 'empty' | 'not-a-number' | 'stale' | 'several' | 'failed';

export type Answer =
  | { readonly kind: 'counters'; readonly stable: PairOfCounters; readonly canary: PairOfCounters }
  | { readonly kind: 'number'; readonly value: number }
  /** What a program or a service of the team says. */
  | { readonly kind: 'opinion'; readonly result: 'pass' | 'fail' | 'unknown'; readonly text: string }
  | { readonly kind: 'none'; readonly why: NoNumber; readonly sentence: string };

/** One side, as a query or a command may name it. */
export interface SideFacts {
  readonly slot: SlotName;
  readonly version: string;
  readonly digest: string;
  /** Of its first instance. */
  readonly host: string;
  readonly port: number;
  /** Every instance of the side, in order; at least one. */
  readonly instances: readonly Endpoint[];
}

export interface Question {
  readonly service: string;
  readonly target: string;
  readonly deployment: string;
  readonly stable: SideFacts;
  readonly canary: SideFacts;
}

/** What all instances of one side take of the machine together. A value that cannot be read is undefined. */
export interface SideUse {
  /** Another one after a start: processor time is then counted from zero. */
  readonly mark: string;
  /** Of the users, in percent. */
  readonly percent: number;
  /** Processor time since the start. */
  readonly cpuMs: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly openFiles: number | undefined;
  readonly threads: number | undefined;
  /** In a row: back at 0 once the side has stayed up. */
  readonly restarts: number;
}

/** What a check does once it has failed: `guardrail` takes the release back, `signal` pauses the deployment. */
export type CheckEffect = 'guardrail' | 'signal';
