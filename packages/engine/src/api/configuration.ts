// Shows how the configuration differs from what runs, and takes the decisions of people about it.

import type { Actor } from '../domain/actor.ts';
import type { Result } from '../domain/refusal.ts';
import type { TargetRef } from '../domain/target.ts';
import type { PendingChange } from '../orchestrator/controller/running.ts';
import type { TargetView } from './views.ts';

/** What differs between what runs and the configuration, and what a person decided about it. */
export interface ConfigurationView {
  readonly name: string;
  readonly channel: string;
  /** Of exactly these changes, their values included. */
  readonly digest: string;
  readonly changes: readonly PendingChange[];
  /** Who decided to leave it to the next start. */
  readonly leftBy: string | undefined;
}

export interface ConfigurationVerbs {
  /**
   * A changed health rule holds for what runs from now on; refused while a side is not healthy by it. `seen`: the digest
   * that a button was drawn for.
   */
  applyConfiguration(
    request: TargetRef & { readonly actor: Actor; readonly seen?: string | undefined },
  ): Promise<Result<TargetView>>;
  /** A person decides to wait for the next start; the engine does not ask about the announced changes again. */
  leaveConfiguration(request: TargetRef & { readonly actor: Actor; readonly seen: string }): Result<TargetView>;
  /** What the controller announced about the target; undefined without a difference, or without such a target. */
  pendingConfiguration(ref: TargetRef): ConfigurationView | undefined;
}
