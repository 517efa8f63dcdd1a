// What people ask about releases: how one would be run, what has changed about one that runs, what is on the disk.

import type { Actor } from '../domain/actor.ts';
import type { ArtifactSource } from '../domain/artifact.ts';
import type { Result } from '../domain/refusal.ts';
import type { ReleaseChange } from '../domain/release.ts';
import type { TargetRef } from '../domain/target.ts';

export interface PlannedRun {
  readonly command: readonly string[];
  /** `release`: its `bluegreen.release.yaml` says so. */
  readonly commandFrom: 'configuration' | 'release';
  /** Which account it runs as, and what that lets it do, in a sentence. */
  readonly account: string;
  readonly templates: readonly string[];
  /** Names. */
  readonly smokeTests: readonly string[];
  readonly notes: string | undefined;
  /** As the release says: `high` may need more approvals. */
  readonly risk: 'normal' | 'high';
  readonly change: ReleaseChange;
}

/** Of a side that runs. */
export interface ReleaseNow {
  /** Its files are not those that were registered: the first of them, how many, and since when. */
  readonly filesDrift?:
    | { readonly files: readonly string[]; readonly count: number; readonly since: number }
    | undefined;
  /** A start now would take something else than it was started with: names of variables, never values. */
  readonly wouldChange?:
    | { readonly variables: readonly string[]; readonly command: boolean; readonly problem: string | undefined }
    | undefined;
}

export interface StoredReleaseView {
  readonly service: string;
  readonly version: string;
  readonly folder: string;
  /** Of all files together; undefined when it was not measured. */
  readonly bytes: number | undefined;
  /** When it was registered, fetched, deployed or left last. */
  readonly usedAt: number;
  readonly pinned: { readonly by: string; readonly reason: string; readonly at: number } | undefined;
  /** Why it is retained; undefined: the next round removes it. */
  readonly kept: string | undefined;
}

export interface StoredReleases {
  /** Those of the service, newest use first. */
  list(ref: TargetRef): Result<readonly StoredReleaseView[]>;
  /** Fetches a release before it is deployed: as CI announced it, or from `from`. All rules of `artifacts` apply. */
  fetch(
    request: TargetRef & {
      readonly version: string;
      readonly from?: ArtifactSource | undefined;
      readonly actor: Actor;
      readonly signal?: AbortSignal;
    },
  ): Promise<Result<string>>;
  /** Retains a release until it is unpinned. Also one that is not here yet. */
  pin(
    request: TargetRef & { readonly version: string; readonly reason: string; readonly actor: Actor },
  ): Result<string>;
  unpin(request: TargetRef & { readonly version: string; readonly actor: Actor }): Result<string>;
  /** Takes the mark "bad" off a release. Where a deployment needs an approval, only who could give it may. */
  clearMark(
    request: TargetRef & { readonly version: string; readonly reason: string; readonly actor: Actor },
  ): Result<string>;
  /** Removes now what the controller would remove in its next rounds; `dryRun` only reports what that is. */
  prune(
    request: TargetRef & { readonly dryRun: boolean; readonly actor: Actor },
  ): Promise<Result<readonly StoredReleaseView[]>>;
}
