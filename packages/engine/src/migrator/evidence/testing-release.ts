// Releases and files for tests, written where they are used.

import type { ReleaseNeeds } from './needs.ts';

export const aRelease = (release: string, needs: Partial<ReleaseNeeds> = {}): ReleaseNeeds => ({
  release,
  runsNow: true,
  declared: undefined,
  statements: [],
  files: [],
  smoke: undefined,
  ...needs,
});
