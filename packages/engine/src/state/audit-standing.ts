// What is known about the log without walking it: its head, up to where it was found intact, and when.

import { type AuditHead, latestHead } from './audit.ts';
import { latestCheckpoint } from './audit-checkpoint.ts';
import { type Broken, brokenLog } from './audit-sweep.ts';
import type { Db } from './database.ts';
import { desc } from './drizzle.ts';
import { heads } from './schema.ts';

export interface AuditStanding {
  /** The last row; undefined for an empty log. */
  readonly head: AuditHead | undefined;
  /** Up to here all rows were found intact, the first of them last at `fullAt` (epoch ms). */
  readonly verified: (AuditHead & { readonly fullAt: number }) | undefined;
  /** Where its owner cannot change it. */
  readonly published: (AuditHead & { readonly place: string; readonly at: number }) | undefined;
  /** What the last pass over all rows found broken. */
  readonly broken: Broken | undefined;
}

export function auditStanding(db: Db): AuditStanding {
  const checkpoint = latestCheckpoint(db);
  const published = db.select().from(heads).orderBy(desc(heads.seq)).limit(1).get();
  return {
    head: latestHead(db),
    verified: checkpoint && { seq: checkpoint.seq, hash: checkpoint.hash, fullAt: checkpoint.fullAt },
    published: published && {
      seq: published.seq,
      hash: published.hash,
      place: published.place,
      at: published.publishedAt,
    },
    broken: brokenLog(db),
  };
}
