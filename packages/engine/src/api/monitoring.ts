// What monitoring systems ask of the engine: alerts that fire or are resolved, and what follows from them.

import type { RefusalCode } from '../domain/refusal.ts';

export interface CalledAlert {
  readonly status: 'firing' | 'resolved';
  /** For people; text from outside, of bounded length and without control characters. */
  readonly title: string;
  readonly labels: Readonly<Record<string, string>>;
  /** When it began to fire. */
  readonly startsAt: number;
}

export interface MonitoringCall {
  /** As the configuration names it; its proof was checked. */
  readonly caller: string;
  /** What its sender groups alerts by: alerts of one group are resolved together. */
  readonly group: string;
  readonly alerts: readonly CalledAlert[];
  /** What a script names; undefined: the rules decide by the labels. */
  readonly asked?:
    | {
        readonly act: string;
        readonly service: string;
        /** Undefined: the default target. */
        readonly target: string | undefined;
      }
    | undefined;
}

export interface CallResult {
  readonly act: string;
  /** As people see it. */
  readonly target: string;
  /**
   * `waiting`: done once the alert is old enough. `nothing`: it is so already. `known`: asked for before. `lifted`: a
   * pause or lock has ended, since its alerts are resolved. `resolved`: the end of the alerts changes nothing here.
   */
  readonly state: 'done' | 'waiting' | 'nothing' | 'known' | 'refused' | 'lifted' | 'resolved';
  readonly code?: RefusalCode | undefined;
  readonly sentence: string;
  readonly deployment?: string | undefined;
}

export interface Monitoring {
  /** One result for each rule that the alerts fit; in the transaction of the caller, if there is one. */
  take(call: MonitoringCall): readonly CallResult[];
}
