// A file that a run wrote before it was killed, and did not record: the next run records it instead of writing another.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditHead } from '../audit.ts';
import type { Db } from '../database.ts';
import { eq } from '../drizzle.ts';
import { audit } from '../schema.ts';
import { type ReadFile, readArchive } from './archive-file.ts';

const archivePattern = /^audit-(\d{12,16})-(\d{12,16})-[0-9a-f]{12}\.ndjson\.gz$/;

/** Undefined where there is none, or where it is damaged or of another state. */
export async function leftFile(
  db: Db,
  folder: string,
  from: AuditHead,
  through: number,
): Promise<(ReadFile & { readonly file: string }) | undefined> {
  if (!existsSync(folder)) return undefined;
  for (const file of readdirSync(folder)) {
    const [, first, last] = archivePattern.exec(file) ?? [];
    if (Number(first) !== from.seq + 1 || !(Number(last) <= through)) continue;
    const found = await readArchive(join(folder, file), from);
    if ('problem' in found) continue;
    const row = db.select({ hash: audit.hash }).from(audit).where(eq(audit.seq, found.last.seq)).get();
    if (row?.hash === found.last.hash) return { ...found, file };
  }
  return undefined;
}
