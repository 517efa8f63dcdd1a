// When the channel is reminded that the live release is behind its branch.

import { z } from 'zod';
import { parseDuration, positiveDurationPattern } from '../../lib/units.ts';
import { matching, whole } from '../kit/values.ts';

/** Views count 200 newer builds at most (views/staleness.ts): more than this can always be seen. */
const mostBuilds = 199;

export const staleness = z
  .strictObject({
    builds: whole({ min: 1, max: mostBuilds, expected: `a number of builds from 1 to ${mostBuilds}` })
      .describe('Behind by more good builds than this.')
      .optional(),
    age: matching(positiveDurationPattern, 'a duration above zero, such as 12h, 7d or 30d')
      .describe(
        'Behind for longer than this, since the oldest newer build. Default: 7d where `builds` is not set either.',
      )
      .optional(),
  })
  .describe(
    'The channel gets a message when the live release is further behind the branch of its build than one of these: once for a release, and again at most once a week. Default: none.',
  );

/** Each undefined: does not count. */
export interface StalenessSettings {
  readonly builds: number | undefined;
  readonly ageMs: number | undefined;
}

export function resolveStaleness(file: z.infer<typeof staleness> | undefined): StalenessSettings | undefined {
  if (!file) return undefined;
  const age = file.age ?? (file.builds === undefined ? '7d' : undefined);
  return { builds: file.builds, ageMs: age === undefined ? undefined : parseDuration(age) };
}
