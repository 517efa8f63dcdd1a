// How many releases stay on the disk.

import { z } from 'zod';
import { parseDuration, positiveDurationPattern } from '../../lib/units.ts';
import { merge } from '../kit/draft.ts';
import { matching, whole } from '../kit/values.ts';
import type { ArtifactSettings } from './settings.ts';

export const keepReleases = z
  .strictObject({
    count: whole({ min: 1, max: 1000, expected: 'a number of releases from 1 to 1000' })
      .describe('This many of those used last are retained, however old they are. Default: 10.')
      .optional(),
    age: matching(positiveDurationPattern, 'a duration above zero, such as 12h, 30d or 90d')
      .describe('What was used within this time is retained, however much it is. Default: 30d.')
      .optional(),
  })
  .describe(
    'Releases that neither count nor age keeps are removed from the disk, oldest first; never one that is live, standing by, pinned or may be gone back to. Default: none is ever removed.',
  );

/** Where releases are removed at all. */
const defaultKeepReleases = { count: 10, age: '30d' } satisfies z.infer<typeof keepReleases>;

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

export function resolveKeepReleases(file: z.infer<typeof keepReleases> | undefined): KeepReleases | undefined {
  if (!file) return undefined;
  const { count, age } = merge(defaultKeepReleases, file);
  return { count, ageMs: parseDuration(age) };
}
