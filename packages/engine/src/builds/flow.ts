// What the builds need from the flow, and what both share. The composition root gives each to the other, so that
// neither imports the other.

import type { Settings, TargetSettings } from '../config/settings.ts';
import type { Actor } from '../domain/actor.ts';
import type { Result } from '../domain/refusal.ts';
import type { TargetKey } from '../domain/target.ts';
import type { Clock } from '../lib/clock.ts';
import type { Store, Tx } from '../state/store.ts';

export interface BuildTarget {
  readonly key: TargetKey;
  readonly settings: TargetSettings;
}

/** A deployment that every gate permits; it exists once `create` has run in the same transaction. */
export interface AdmittedDeployment {
  readonly id: string;
  create(tx: Tx, reason: string): void;
}

export interface Flow {
  /** The version that serves users there; undefined before the first deployment. */
  activeVersion(key: TargetKey): string | undefined;
  /** Evaluates the gates of a deployment. Changes nothing. */
  admit(key: TargetKey, request: { readonly actor: Actor; readonly version: string }): Result<AdmittedDeployment>;
}

/** Everything that the verbs about builds work with. */
export interface BuildsContext {
  readonly settings: Settings;
  readonly store: Store;
  readonly clock: Clock;
  readonly targets: readonly BuildTarget[];
  readonly flow: Flow;
}
