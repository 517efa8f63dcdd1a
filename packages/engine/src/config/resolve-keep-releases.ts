// The settings of how many releases stay on the disk, with defaults filled in.

import type { ArtifactSettings } from './artifact-settings.ts';
import { defaultKeepReleases } from './defaults.ts';
import { merge } from './draft.ts';
import type { ServiceOptions } from './schema-options.ts';
import { parseDuration } from './units.ts';

/** Where a target's releases come from, lie, and how long they stay. */
export interface ReleasesSettings {
  /** Absolute; holds one folder per version. */
  readonly releasesFolder: string;
  readonly artifacts: ArtifactSettings;
  /** Undefined: none is ever removed. */
  readonly keepReleases: KeepReleases | undefined;
}

export interface KeepReleases {
  readonly count: number;
  readonly ageMs: number;
}

export function resolveKeepReleases(file: ServiceOptions['keepReleases']): KeepReleases | undefined {
  if (!file) return undefined;
  const { count, age } = merge(defaultKeepReleases, file);
  return { count, ageMs: parseDuration(age) };
}
