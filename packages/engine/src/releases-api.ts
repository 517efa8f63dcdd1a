// What people ask about the releases that lie on the disk.

import type { TargetRef } from './engine-api.ts';
import type { Actor } from './orchestrator/actor.ts';
import type { Result } from './orchestrator/refusal.ts';

export interface StoredReleaseView {
  readonly service: string;
  readonly version: string;
  readonly folder: string;
  /** Of all files together; undefined when nobody has measured it. */
  readonly bytes: number | undefined;
  /** When it was registered, fetched, deployed or left last. */
  readonly usedAt: number;
  readonly pinned: { readonly by: string; readonly reason: string; readonly at: number } | undefined;
  /** Why it stays; undefined: the next round removes it. */
  readonly kept: string | undefined;
}

export interface StoredReleases {
  /** Those of the service, newest use first. */
  list(ref: TargetRef): Result<readonly StoredReleaseView[]>;
  /** Kept until it is unpinned. Also one that is not here yet. */
  pin(
    request: TargetRef & { readonly version: string; readonly reason: string; readonly actor: Actor },
  ): Result<string>;
  unpin(request: TargetRef & { readonly version: string; readonly actor: Actor }): Result<string>;
  /** Removes now what the driver would remove in its next rounds; `dryRun` only tells what that is. */
  prune(
    request: TargetRef & { readonly dryRun: boolean; readonly actor: Actor },
  ): Promise<Result<readonly StoredReleaseView[]>>;
}
