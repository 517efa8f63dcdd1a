// Migrations for tests, written where they are used instead of into files.

import { createHash } from 'node:crypto';
import type { BackfillFile, Migration, SqlFile, Stage } from '../files/migration.ts';

interface Texts extends Partial<Readonly<Record<Stage, string>>> {
  readonly requires?: readonly string[];
  readonly backfillOf?: Partial<Pick<BackfillFile, 'table' | 'key' | 'batch' | 'verify'>>;
}

/** `aMigration('003_nick', { expand: 'ALTER TABLE …' })` */
export function aMigration(id: string, { requires = [], backfillOf = {}, ...texts }: Texts): Migration {
  const file = (stage: Stage) => (texts[stage] === undefined ? undefined : aSqlFile(id, stage, texts[stage]));
  const backfill = file('backfill');
  return {
    id,
    number: Number.parseInt(id, 10),
    requires,
    expand: file('expand'),
    backfill: backfill && { ...backfill, table: 'users', key: 'id', batch: 1_000, verify: undefined, ...backfillOf },
    contract: file('contract'),
    revert: file('revert'),
  };
}

export function aSqlFile(id: string, stage: Stage, text: string): SqlFile {
  return {
    file: `${id}.${stage}.sql`,
    stage,
    text,
    checksum: createHash('sha256').update(text).digest('hex'),
    transaction: true,
    sync: false,
    accepted: [],
  };
}
