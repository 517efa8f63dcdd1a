// A deployment as it is stored: what it will do, where it is, how it ended.

/** Computed from the present state and always shown. */
export type Mode = 'deploy' | 'redeploy' | 'rollback' | 'switch';
export type Direction = 'forward' | 'unwinding';
export type Phase = 'fetching' | StepName | 'finished';
export type StepStatus = 'started' | 'done' | 'failed' | 'skipped';
export type OutcomeKind = 'promoted' | 'aborted' | 'rolled-back' | 'failed' | 'superseded' | 'cancelled' | 'halted';

export type PlannedStep =
  | { readonly name: 'expand-schema' }
  | { readonly name: 'start-preview' }
  | { readonly name: 'check-health' }
  | { readonly name: 'smoke-test' }
  | { readonly name: 'prove-preview' }
  | { readonly name: 'ready-standby' }
  | { readonly name: 'hold' }
  | { readonly name: 'shift-traffic'; readonly percent: number }
  | { readonly name: 'watch'; readonly percent: number; readonly watchMs: number }
  | { readonly name: 'await-approval'; readonly percent: number }
  | { readonly name: 'promote' }
  | { readonly name: 'verify-live' }
  | { readonly name: 'bake'; readonly bakeMs: number };

export type StepName = PlannedStep['name'];

export interface Plan {
  readonly mode: Mode;
  readonly steps: readonly PlannedStep[];
  /** Ids of the migrations that it expands. */
  readonly schema: readonly string[];
  /** Hazards of theirs that the author took on, for whoever approves; missing when there is none. */
  readonly accepted?: readonly string[];
  /** What the evidence says of the releases that must live with it; missing when nothing is widened. */
  readonly verdict?: string;
}
