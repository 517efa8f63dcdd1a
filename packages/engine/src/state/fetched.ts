// What the audit log knows of releases that were fetched: this detects a second, different build of a version.

import type { AuditAction } from '../domain/audit-events.ts';
import type { Db } from './database.ts';
import { and, desc, eq, sql } from './drizzle.ts';
import { audit } from './schema.ts';

const action = 'release-fetched' satisfies AuditAction;
/** As text: only then does SQLite see which index is meant. */
const isFetch = sql`${audit.action} = ${sql.raw(`'${action}'`)}`;

/** sha256 of the archive that a version was made of; undefined when it was put into its folder by hand. */
export function fetchedSha256(db: Db, service: string, version: string): string | undefined {
  const row = db
    .select({ sha256: sql<string | null>`json_extract(${audit.detail}, '$.sha256')` })
    .from(audit)
    .where(and(eq(audit.service, service), isFetch, sql`json_extract(${audit.detail}, '$.version') = ${version}`))
    .orderBy(desc(audit.seq))
    .limit(1)
    .get();
  return row?.sha256 ?? undefined;
}

/** When the files of a version were last fetched, also where it was never registered. */
export function fetchedAt(db: Db, service: string, version: string): number | undefined {
  return db
    .select({ at: audit.at })
    .from(audit)
    .where(and(eq(audit.service, service), isFetch, sql`json_extract(${audit.detail}, '$.version') = ${version}`))
    .orderBy(desc(audit.seq))
    .limit(1)
    .get()?.at;
}
