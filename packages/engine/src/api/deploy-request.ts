// What a deployment is asked for with.

import type { Actor } from '../domain/actor.ts';
import type { TargetRef } from '../domain/target.ts';

export interface DeployRequest extends TargetRef {
  readonly version: string;
  readonly hold?: boolean;
  /** Deploy although the version is live already. */
  readonly redeploy?: boolean;
  /** Deploy although the target is frozen: `reason` says why. */
  readonly overrideFreeze?: boolean;
  /** Steps for this deployment alone, `5:1m,20:5m`, within the limits of the target. */
  readonly canary?: string | undefined;
  readonly reason?: string | undefined;
  readonly actor: Actor;
}
