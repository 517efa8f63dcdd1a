// How a canary is judged, as the engine works with it.

import type { CheckEffect } from '../../domain/evidence.ts';

export interface JudgeSettings {
  readonly minRequests: number;
  /** 0.05 is 5 %. */
  readonly maxErrorRate: number;
  /** A watch that stays inconclusive this long past its time ends as `atEnd` says. */
  readonly patienceMs: number;
  /** `ask`: it is paused at its share, and people decide. */
  readonly atEnd: 'abort' | 'ask';
  /** `manual`: the fixed limits decide, and the comparison of both sides is shown. `automatic`: the comparison decides. */
  readonly mode: 'manual' | 'automatic';
  /** Share of the canaries of releases that are no worse which the comparison may take back: 0.01 is 1 %. */
  readonly falseRollback: number;
  /** Least time, over all steps of a canary, before the comparison calls a release good. */
  readonly leastMs: number;
  /** What must be proven good, and may take a release back; undefined: all. */
  readonly critical?: readonly CriticalMetric[] | undefined;
  /** How much worse is still good; undefined: `defaultMargins`. */
  readonly margins?: JudgeMargins | undefined;
  /** Evidence from outside the load balancer; undefined: none. */
  readonly checks?: readonly CheckSettings[] | undefined;
}

export type CriticalMetric = 'errors' | 'p50' | 'p90' | 'p99';

export interface JudgeMargins {
  /** Times the rate of errors of the stable side. */
  readonly errors: number;
  /** Or this rate: 0.005 is 0.5 %. */
  readonly errorRate: number;
  /** Times that of the stable side. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  /** Or so much more. */
  readonly slowerMs: number;
}

export interface CheckSettings {
  readonly name: string;
  /** Name of the driver. */
  readonly source: string;
  readonly effect: CheckEffect;
  /** It is asked and shown, and decides nothing. */
  readonly dryRun: boolean;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** More than so many answers of the kind in a row count; fewer leave the check as it was. */
  readonly failures: number;
  readonly errors: number;
  readonly inconclusive: number;
  /** Of a pair of counters: by how much its count of requests may differ from that of the load balancer; 0.2 is 20 %. */
  readonly agree: number;
  /** Most that may fail of a pair, or the number; undefined: no limit. */
  readonly max: number | undefined;
  readonly min: number | undefined;
  readonly isPair: boolean;
  readonly authorization: string | undefined;
  /** Of the driver, by their names; undefined where it has none. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** The driver's own. */
  readonly settings: unknown;
}
