// What a command asks for, understood completely or not at all.

import type { Refusal, SlotName, TargetRef } from '@bg/engine';

export type SignalName =
  | 'approve'
  | 'break-glass'
  | 'reject'
  | 'promote'
  | 'promote-full'
  | 'pause'
  | 'resume'
  | 'abort'
  | 'extend'
  | 'continue';

export interface DeployIntent {
  readonly ref: TargetRef;
  readonly version: string;
  readonly hold: boolean;
  readonly redeploy: boolean;
  readonly overrideFreeze?: boolean;
  readonly canary?: string;
  readonly at?: string;
  readonly zone?: string;
  readonly first?: boolean;
  readonly reason: string | undefined;
}

export type Intent =
  | ({ readonly kind: 'deploy' } & DeployIntent)
  | ({ readonly kind: 'plan' } & DeployIntent)
  | { readonly kind: 'deploy-modal'; readonly ref: TargetRef }
  | { readonly kind: 'status'; readonly ref: TargetRef }
  | { readonly kind: 'history'; readonly ref: TargetRef }
  | { readonly kind: 'queue'; readonly ref: TargetRef }
  | { readonly kind: 'cancel'; readonly id: string; readonly reason?: string }
  | { readonly kind: 'lock'; readonly ref: TargetRef; readonly reason: string; readonly forMs: number | undefined }
  | { readonly kind: 'unlock'; readonly ref: TargetRef }
  | { readonly kind: 'suspend'; readonly ref: TargetRef; readonly reason: string }
  | { readonly kind: 'unsuspend'; readonly ref: TargetRef }
  | { readonly kind: 'contract'; readonly ref: TargetRef; readonly reason: string | undefined }
  | { readonly kind: 'signal'; readonly name: SignalName; readonly ref: TargetRef; readonly reason: string | undefined }
  | {
      readonly kind: 'switch';
      readonly ref: TargetRef;
      readonly to: SlotName | undefined;
      readonly reason: string | undefined;
    }
  | {
      readonly kind: 'rollback';
      readonly ref: TargetRef;
      readonly version: string | undefined;
      readonly reason: string | undefined;
    }
  | { readonly kind: 'help' };

export type Parsed = { readonly ok: true; readonly value: Intent } | { readonly ok: false; readonly refusal: Refusal };

export const understood = (value: Intent): Parsed => ({ ok: true, value });

/** `instead` is the nearest correct form of the whole command, when there is one. */
export function mistake(sentence: string, instead?: string): { readonly ok: false; readonly refusal: Refusal } {
  const hint = instead === undefined ? '' : `Did you mean \`${instead}\`?`;
  return { ok: false, refusal: { code: 'text-invalid', sentence, hint } };
}

/** A service and one of its targets, as configured. */
export interface KnownTarget {
  readonly service: string;
  readonly target: string;
}
