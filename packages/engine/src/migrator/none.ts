// The driver of a target without a database: nothing to widen, everything fits.

import { MigrationError } from './error.ts';
import type { Migrator } from './migrator.ts';

export const noMigrator: Migrator = {
  kind: undefined,
  place: () => undefined,
  plan: async () => ({
    problems: [],
    accepted: [],
    reviews: [],
    warnings: [],
    expand: [],
    backfill: [],
    byTool: [],
    contract: { ready: [], waiting: [] },
  }),
  status: async () => ({
    migrations: [],
    next: { expand: [], backfill: [], contract: [] },
    edits: { cosmetic: [], real: [] },
    drift: undefined,
  }),
  compatible: async (folders) =>
    folders.map(() => ({ verdict: 'compatible', evidence: 'the target has no database', lost: [] }) as const),
  assess: async () => ({
    verdict: 'compatible',
    additive: true,
    findings: [],
    coverage: [],
    scratch: 'the target has no database',
    notChecked: [],
  }),
  tryOn: async () => {
    throw noDatabase();
  },
  restorePoint: async () => undefined,
  activity: async () => {
    throw noDatabase();
  },
  run: async (_folder, { kind }) => {
    if (kind === 'expand' || kind === 'backfill') return [];
    throw noDatabase();
  },
};

const noDatabase = (): MigrationError =>
  new MigrationError('not-allowed', 'this target has no database in its configuration', {
    hint: 'Name it as `database` of the service or target.',
  });
