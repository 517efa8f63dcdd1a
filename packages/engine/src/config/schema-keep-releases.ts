// How many releases stay on the disk.

import { z } from 'zod';
import { matching, whole } from './schema-values.ts';
import { positiveDurationPattern } from './units.ts';

export const keepReleases = z
  .strictObject({
    count: whole({ min: 1, max: 1000, expected: 'a number of releases from 1 to 1000' })
      .describe('So many that were used last are kept, however old they are. Default: 10.')
      .optional(),
    age: matching(positiveDurationPattern, 'a duration above zero, such as 12h, 30d or 90d')
      .describe('What was used within this time is kept, however much it is. Default: 30d.')
      .optional(),
  })
  .describe(
    'Releases that neither count nor age keeps are removed from the disk, oldest first; never one that is live, standing by, pinned or may be gone back to. Default: none is ever removed.',
  );
