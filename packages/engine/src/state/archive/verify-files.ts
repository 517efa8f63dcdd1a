// Reads the files of all archives as one chain, and compares it with what the state knows of them.

import { join } from 'node:path';
import { type AuditHead, beginning } from '../audit.ts';
import type { Db } from '../database.ts';
import { readArchive } from './archive-file.ts';
import { type Archive, archivesAfter, retainedRows } from './archives.ts';

export interface VerifyFiles {
  readonly folder: string;
  /** Heads that were published elsewhere. */
  readonly outside?: readonly AuditHead[] | undefined;
  /** Called after each file. */
  readonly progress?: ((archive: Archive) => void) | undefined;
}

export type FilesVerification =
  | { readonly intact: true; readonly files: number; readonly rows: number }
  | { readonly intact: false; readonly files: number; readonly seq: number; readonly problem: string };

/** Without archives there is nothing to read, and nothing is wrong. */
export async function verifyArchiveFiles(
  db: Db,
  { folder, outside = [], progress }: VerifyFiles,
): Promise<FilesVerification> {
  let last = beginning;
  for (let files = 0; ; files += 1) {
    const [archive] = archivesAfter(db, last.seq, 1);
    if (archive === undefined) return { intact: true, files, rows: last.seq };
    const wrong = await problemOfFile(db, archive, { folder, outside, last });
    if (wrong) return { intact: false, files, seq: wrong.seq, problem: `${archive.file}: ${wrong.problem}` };
    last = { seq: archive.lastSeq, hash: archive.lastHash };
    progress?.(archive);
  }
}

async function problemOfFile(
  db: Db,
  archive: Archive,
  { folder, outside, last }: { folder: string; outside: readonly AuditHead[]; last: AuditHead },
): Promise<{ readonly seq: number; readonly problem: string } | undefined> {
  const { firstSeq, lastSeq } = archive;
  const within = outside.filter(({ seq }) => seq >= firstSeq && seq <= lastSeq);
  const published = new Map(within.map(({ seq, hash }) => [seq, hash] as const));
  const here = new Map(retainedRows(db, archive).map(({ seq, hash }) => [seq, hash] as const));
  const differs = (known: ReadonlyMap<number, string>, { seq, hash }: AuditHead) => (known.get(seq) ?? hash) !== hash;
  const found = await readArchive(join(folder, archive.file), last, (row) => {
    if (differs(published, row)) return `row ${row.seq} is not the one whose hash was published`;
    return differs(here, row) ? `row ${row.seq} is another one in the state` : undefined;
  });
  if ('problem' in found) return found;
  if (found.last.seq !== lastSeq || found.last.hash !== archive.lastHash)
    return {
      seq: found.last.seq,
      problem: `it ends with row ${found.last.seq}, not with the row ${lastSeq} of the log`,
    };
  return found.sha256 === archive.sha256
    ? undefined
    : { seq: firstSeq, problem: 'it is another file than the one that was recorded' };
}
