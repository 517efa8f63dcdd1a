// What a step of a deployment is: a name, how it is done, how it is undone. Steps are repeatable: after a crash the
// step that was begun is begun again.

import type { PlannedStep, StepName } from '../../domain/deployment.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { ReleaseFiles } from '../../environment/environment.ts';
import type { DeploymentRow, SignalRow, StepKey } from '../../state/deployments.ts';
import type { Charge } from '../core.ts';

/** What every part of a step is handed, whichever step it is. */
export interface StepFrame extends Charge {
  /** As it was when the step began. */
  readonly deployment: DeploymentRow;
  readonly release: ReleaseFiles;
  readonly stepKey: StepKey;
  /** Aborts when the deployment is given up, or when this process must stop driving. */
  readonly signal: AbortSignal;
}

export interface StepContext<Name extends StepName = StepName> extends StepFrame {
  readonly step: Extract<PlannedStep, { name: Name }>;
}

export type StepResult =
  /** `skip-to-promote`: past everything up to full promotion. `word`: the person's promote that ended the step. */
  | { readonly kind: 'done' | 'skip-to-promote'; readonly sentence: string; readonly word?: SignalRow | undefined }
  | { readonly kind: 'failed'; readonly code: ReasonCode; readonly sentence: string; readonly actor?: string }
  /** The signal aborted before there was a result. */
  | { readonly kind: 'interrupted'; readonly sentence: string };

export interface Step<Name extends StepName = StepName> {
  readonly name: Name;
  readonly run: (context: StepContext<Name>) => Promise<StepResult>;
  readonly undo: 'nothing-to-undo' | 'point-of-no-return' | ((context: StepFrame) => Promise<StepResult>);
  /** For steps that do not wait for people or time: longer than this is a failure. */
  readonly limitMs: number | 'waits';
}

export const done = (sentence: string): StepResult => ({ kind: 'done', sentence });

export const interrupted: StepResult = { kind: 'interrupted', sentence: 'this process stopped driving' };

export const failed = (code: ReasonCode, sentence: string, actor?: string): StepResult =>
  actor === undefined ? { kind: 'failed', code, sentence } : { kind: 'failed', code, sentence, actor };
