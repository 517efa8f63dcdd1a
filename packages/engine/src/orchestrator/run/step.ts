// What a step of a deployment is: its name and title, what people may do while it runs, how it is done and undone.
// Steps are repeatable: after a crash, the interrupted step begins again.

import type { ActionName, ApprovalView, LegalAction } from '../../api/deployment.ts';
import type { PlannedStep } from '../../domain/deployment.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { ReleaseFiles } from '../../environment/environment.ts';
import type { DeploymentRow, SignalRow, StepKey } from '../../state/deployments.ts';
import type { TargetContext } from '../core.ts';

/** What every part of every step receives. */
export interface StepFrame extends TargetContext {
  /** As it was when the step began. */
  readonly deployment: DeploymentRow;
  readonly release: ReleaseFiles;
  readonly stepKey: StepKey;
  /** Since when users have had their present share: the end of the last step that moved any. */
  readonly sharedSince: number;
  /** Aborts when the deployment is given up, or when this process must stop being the controller. */
  readonly signal: AbortSignal;
}

export interface StepContext<Planned extends PlannedStep = PlannedStep> extends StepFrame {
  readonly step: Planned;
}

export type StepResult =
  /** `skip-to-promote`: past everything up to full promotion. `word`: the person's promote that ended the step. */
  | { readonly kind: 'done' | 'skip-to-promote'; readonly sentence: string; readonly word?: SignalRow | undefined }
  | { readonly kind: 'failed'; readonly code: ReasonCode; readonly sentence: string; readonly actor?: string }
  /** The signal aborted before there was a result. */
  | { readonly kind: 'interrupted'; readonly sentence: string };

/** What a plan says of a step that needs no more than its name. */
export interface Named<Name extends string> extends PlannedStep {
  readonly name: Name;
}

/** A deployment that is in the step, for what people may do with it. */
export interface StepSituation {
  readonly row: DeploymentRow;
  readonly approval: ApprovalView | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface Step<Planned extends PlannedStep = PlannedStep> {
  readonly name: Planned['name'];
  /** What it does, for people: `send 10 % of users to v2.1`. */
  title(planned: Planned, version: string): string;
  /** Which users it moves. One that moves any does not begin while the deployment is paused. */
  readonly moves: 'none' | 'share' | 'all';
  /** What its end depends on, for people who watch. */
  readonly waitsFor: 'nothing' | 'time' | 'people';
  /** The new side may still be silent: that is no illness yet. */
  readonly isStartingSide: boolean;
  /** What people may do while it runs. Pausing and giving up are legal in every step, and are not named here. */
  actions(here: StepSituation): readonly LegalAction[];
  /**
   * What a person's promote means while it runs. `nothing`: it is refused. `vote`: a vote of the approval. `cut-short`:
   * it ends the step, which requires the rights of an approver. `go-on`: it ends the step, and only `--full` requires
   * them.
   */
  readonly promote: 'nothing' | 'vote' | 'cut-short' | 'go-on';
  run(context: StepContext<Planned>): Promise<StepResult>;
  readonly undo: 'nothing-to-undo' | 'point-of-no-return' | ((context: StepFrame) => Promise<StepResult>);
  /** For steps that do not wait for people or time: longer than this is a failure. */
  readonly limitMs: number | 'waits';
}

export const action = (name: ActionName, effect: string, danger = false): LegalAction => ({ name, effect, danger });

export const noActions = (): readonly LegalAction[] => [];

export const done = (sentence: string): StepResult => ({ kind: 'done', sentence });

export const interrupted: StepResult = { kind: 'interrupted', sentence: 'this process stopped driving' };

export const failed = (code: ReasonCode, sentence: string, actor?: string): StepResult =>
  actor === undefined ? { kind: 'failed', code, sentence } : { kind: 'failed', code, sentence, actor };
