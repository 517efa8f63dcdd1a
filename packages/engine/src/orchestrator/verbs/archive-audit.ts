// A person archives the old rows of the audit log now, without waiting for the controller.

import type { ArchivedRows, ArchiveRequest } from '../../api/audit.ts';
import { actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import { archiveRows } from '../../state/archive/archive.ts';
import { type Archive, archivedHead } from '../../state/archive/archives.ts';
import { archiveFolder, dayMs, lastRow, oldestRow, slowest } from '../archive/due-rows.ts';
import type { Core } from '../core.ts';
import { otherDriver } from '../gates/facts.ts';
import { inTeam, sameConfiguration } from '../gates/gates.ts';
import { refused } from './refused.ts';

/** @throws BlueGreenError `archive-refused`, or of a disk that takes no file: then no row was removed */
export async function archiveAudit(core: Core, request: ArchiveRequest): Promise<Result<ArchivedRows>> {
  const { actor, olderThanMs = core.settings.audit.archive.afterMs, signal, made: report } = request;
  const asked = [
    inTeam({ actor }),
    sameConfiguration({ otherDriver: otherDriver(core) }),
    isPerson(request),
    olderThanMs === undefined
      ? refuse('text-invalid', 'no age is given', 'Set audit.archive.after, or give --older-than 365d.')
      : ok(undefined),
    (olderThanMs ?? dayMs) < dayMs
      ? refuse('text-invalid', 'rows of the last day are not archived', 'The least age is 1d.')
      : ok(undefined),
  ].find((each) => !each.ok);
  if (asked && !asked.ok) return refused(core, { actor, verb: 'state archive' }, asked);
  const { store, clock } = core;
  const folder = archiveFolder(core);
  const behind = slowest(core);
  const before = clock.now() - (olderThanMs ?? dayMs);
  const run = {
    store,
    folder,
    actor: actorName(actor),
    before,
    // What this run writes is not archived by it.
    through: Math.min(behind?.seq ?? Number.MAX_SAFE_INTEGER, lastRow(store.db)),
    signal,
  };
  const archives: Archive[] = [];
  for (let made = await archiveRows(run); made; made = signal?.aborted ? undefined : await archiveRows(run)) {
    archives.push(made);
    report?.(made);
  }
  const isLeft =
    (oldestRow(store.db) ?? before) < before && archivedHead(store.db).seq >= (behind?.seq ?? Number.MAX_SAFE_INTEGER);
  return ok({
    folder,
    before,
    archives,
    waitsFor: behind && isLeft ? { name: behind.name, seq: behind.seq } : undefined,
  });
}

function isPerson({ actor }: ArchiveRequest): Result<undefined> {
  if (actor.kind === 'person') return ok(undefined);
  return refuse('not-in-team', `${shortName(actorName(actor))} is no person, and only people decide this`);
}
