// In parallel with the deployments, where the configuration says how old rows may get: archives the audit log, in small
// transactions. A file is made when there are enough rows for one, or when one waits for a week.

import { clockTime } from '../../domain/times.ts';
import { pause } from '../../lib/clock.ts';
import { hasCode, messageOf } from '../../lib/errors.ts';
import { archiveRows } from '../../state/archive/archive.ts';
import { archiveTrouble, writeArchiveTrouble } from '../../state/archive/archive-trouble.ts';
import type { Lease } from '../../state/leases.ts';
import type { Core } from '../core.ts';
import { archiveFolder, dayMs, lastRow, oldestRow, slowest } from './due-rows.ts';

const everyMs = 600_000;
const leastRows = 5_000;
const patienceMs = 7 * dayMs;

export async function maintainArchive(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  if (core.settings.audit.archive.afterMs === undefined) return;
  while (await pause(core.clock, everyMs, signal)) await archiveDue(core, lease, signal);
}

/** @throws BlueGreenError `fenced-out` */
export async function archiveDue(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  const { store, settings, clock, log } = core;
  const { afterMs } = settings.audit.archive;
  if (afterMs === undefined) return;
  try {
    const before = clock.now() - afterMs;
    const run = {
      store: store.under(lease),
      folder: archiveFolder(core),
      actor: 'engine',
      before,
      through: slowest(core)?.seq ?? lastRow(store.db),
      signal,
    };
    const least = (): number => ((oldestRow(store.db) ?? before) < before - patienceMs ? 1 : leastRows);
    while (!signal.aborted) {
      const made = await archiveRows({ ...run, least: least() });
      if (made === undefined) break;
      log.info({ file: made.file, rows: made.lastSeq - made.firstSeq + 1 }, 'old rows of the audit log are archived');
    }
    if (archiveTrouble(store.db)) store.note((db, now) => writeArchiveTrouble(db, undefined, now));
  } catch (thrown) {
    if (hasCode(thrown, 'fenced-out')) throw thrown;
    const problem = messageOf(thrown);
    log.error({ problem }, 'old rows of the audit log could not be archived, tries again');
    if (archiveTrouble(store.db)?.problem !== problem) store.note((db, now) => writeArchiveTrouble(db, problem, now));
  }
}

/** For the status. */
export function archiveWarnings({ store }: Pick<Core, 'store'>): readonly string[] {
  const trouble = archiveTrouble(store.db);
  if (trouble === undefined) return [];
  return [`old rows of the audit log cannot be archived since ${clockTime(trouble.since)}: ${trouble.problem}`];
}
