// The driver of a target without a database: nothing to widen, everything fits.

import type { Migrator } from './migrator.ts';

export const noMigrator: Migrator = {
  pending: async () => [],
  expand: async () => {},
  compatible: async () => ({ verdict: 'compatible', evidence: 'the target has no database' }),
};
