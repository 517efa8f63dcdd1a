// The audit log as callers see it: read, proved, published, and what keeps its copies elsewhere from growing.

import type { AuditLog } from '../../api/audit.ts';
import { clockTime } from '../../domain/times.ts';
import { archivesWith } from '../../state/archive/archives.ts';
import { verifyArchiveFiles } from '../../state/archive/verify-files.ts';
import { type AuditHead, auditAfter, lastRowBefore, latestHead, rememberHead } from '../../state/audit.ts';
import { readCheckpoint, writeCheckpoint } from '../../state/audit-checkpoint.ts';
import { auditStanding } from '../../state/audit-standing.ts';
import { type AuditVerification, type Verified, verify } from '../../state/audit-verification.ts';
import { archiveFolder, destinationsOf } from '../archive/due-rows.ts';
import type { Core } from '../core.ts';
import { searchOf } from '../views/timeline/search-audit.ts';

export function auditOf(core: Core): AuditLog {
  const { store, clock } = core;
  return {
    after: (seq, limit) => auditAfter(store.db, seq, limit),
    lastBefore: (at) => lastRowBefore(store.db, at),
    search: (query) => searchOf(core, query),
    verify: (outside, progress) => remembered(core, verify(store.db, { outside: [outside ?? []].flat(), progress })),
    verifySinceLast: () => remembered(core, verify(store.db, { from: readCheckpoint(store.db, clock.now()) })),
    standing: () => auditStanding(store.db),
    verifyArchives: (folder, options) =>
      verifyArchiveFiles(store.db, { folder: folder ?? archiveFolder(core), ...options }),
    archives: (from, through) => archivesWith(store.db, from ?? 1, through ?? Number.MAX_SAFE_INTEGER),
    publishHead: (place, row) => {
      const head: AuditHead | undefined = row ?? latestHead(store.db);
      if (head) store.note((db) => rememberHead(db, head, clock.now(), place));
      return head;
    },
    shipped: () => destinationsOf(core),
  };
}

/** A check that cannot be recorded, on a full disk for instance, was a check all the same. */
function remembered({ store, clock, log }: Core, { verification, reached }: Verified): AuditVerification {
  if (!verification.intact || reached === undefined) return verification;
  const checkpoint = { ...reached, fullAt: verification.since?.fullAt ?? clock.now() };
  try {
    store.note((db, now) => writeCheckpoint(db, checkpoint, now));
  } catch (thrown) {
    log.warn({ err: thrown }, 'how far the audit log was verified could not be written');
  }
  return verification;
}

/** How long a row may wait before the engine reports that no process ships there. */
const patienceMs = 10 * 60_000;

/** For the status: who relies on a copy must not find out by looking for a row in it. */
export function shippingWarnings(core: Core): readonly string[] {
  const { store, clock } = core;
  const last = latestHead(store.db)?.seq ?? 0;
  return destinationsOf(core).flatMap(({ name, seq, problem, since }) => {
    const [waiting] = seq < last ? auditAfter(store.db, seq, 1) : [];
    if (waiting === undefined) return [];
    const rows = `${last - seq} row${last - seq === 1 ? '' : 's'} of the audit log`;
    if (problem !== undefined)
      return [`${rows} wait for ${name} (audit.ship) since ${clockTime(since ?? waiting.at)}: ${problem}`];
    return waiting.at > clock.now() - patienceMs
      ? []
      : [`${rows} wait for ${name} (audit.ship) since ${clockTime(waiting.at)}: no process sends them`];
  });
}
