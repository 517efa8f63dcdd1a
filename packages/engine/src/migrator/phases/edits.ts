// What has run must not be edited: the databases that ran it would differ from those that run it later.

import { MigrationError } from '../error.ts';
import { filesOf, type Migration, type SqlFile } from '../files/migration.ts';
import type { PhaseContext } from './context.ts';
import { hasRun, type Ledger, rowOf, unfinishedStage } from './progress.ts';

export interface Edits {
  /** Other comments, white space or case: reported, and no more. */
  readonly cosmetic: readonly Edit[];
  readonly real: readonly Edit[];
}

interface Edit {
  readonly id: string;
  readonly file: string;
}

/** Compares the ledger with the files of the release. Stages that the release does not have are ignored. */
export function findEdits(
  migrations: readonly Migration[],
  ledger: Ledger,
  fingerprint: (text: string) => string,
): Edits {
  const edits = migrations.flatMap((migration) =>
    filesOf(migration).flatMap((file) => {
      const change = changeOf(migration.id, file, ledger, fingerprint);
      return change ? [{ id: migration.id, file: file.file, change }] : [];
    }),
  );
  const only = (wanted: string) =>
    edits.filter(({ change }) => change === wanted).map(({ id, file }) => ({ id, file }));
  return { cosmetic: only('cosmetic'), real: only('real') };
}

function changeOf(id: string, file: SqlFile, ledger: Ledger, fingerprint: (text: string) => string) {
  const row = rowOf(ledger, id);
  const ran = row?.files[file.stage];
  if (!row || !ran || ran.checksum === file.checksum) return undefined;
  // A file that was begun and left no effect may be fixed; one that is half done may not.
  if (!hasRun(row, file.stage) && unfinishedStage(row) === file.stage && !isHalfDone(row)) return undefined;
  return fingerprint(file.text) === ran.fingerprint ? 'cosmetic' : 'real';
}

const isHalfDone = (row: Ledger[number]): boolean => row.statementsDone > 0 || row.cursor !== undefined;

/** @throws MigrationError `edited` for a real edit; says a cosmetic one */
export function refuseEdits(
  context: Pick<PhaseContext, 'dialect' | 'say'>,
  migrations: readonly Migration[],
  ledger: Ledger,
): void {
  const { cosmetic, real } = findEdits(migrations, ledger, context.dialect.fingerprint);
  for (const { id, file } of cosmetic)
    context.say({
      kind: 'warning',
      id,
      sentence: `${file} was edited after it ran, in comments, white space or case only`,
    });
  if (real.length > 0)
    throw new MigrationError('edited', `edited after it ran: ${real.map(({ file }) => file).join(', ')}`, {
      hint: 'Put the text back as it ran and write the change as a new migration, or accept it with `bg migrate repair --accept-edit`.',
    });
}
