// A deployment as it is stored: what it will do, where it is, how it ended.

/** Computed from the present state and always shown. */
/** What happens when no one has decided about an approval before its deadline. */
export type OnTimeout = 'abort' | 'hold' | 'rollback';

export type Mode = 'deploy' | 'redeploy' | 'rollback' | 'switch';
export type Direction = 'forward' | 'unwinding';
/** `fetching`, the name of the step that has begun, or `finished`. */
export type Phase = StepName;
export type StepStatus = 'started' | 'done' | 'failed' | 'skipped';
export type OutcomeKind = 'promoted' | 'aborted' | 'rolled-back' | 'failed' | 'superseded' | 'cancelled' | 'halted';

/** As the registry of steps has it: see orchestrator/run/steps/registry.ts. */
export type StepName = string;

/** One step of a plan: its name, and what the plan says about it beyond that, which only the step reads. */
export interface PlannedStep {
  readonly name: StepName;
}

export interface Plan {
  readonly mode: Mode;
  readonly steps: readonly PlannedStep[];
  /** Ids of the migrations that it expands. */
  readonly schema: readonly string[];
  /** Their hazards that the author accepted, for the approvers; missing when there is none. */
  readonly accepted?: readonly string[];
  /** What the evidence says of the releases that must live with it; missing when nothing is widened. */
  readonly verdict?: string;
  /** The release says that it is risky: more people may have to approve it. */
  readonly risk?: 'high';
}
