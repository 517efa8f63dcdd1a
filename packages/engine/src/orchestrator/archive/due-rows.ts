// Which rows of the audit log may be archived: those that every destination of its copies has. A notifier of people
// reports nothing that is older than a day, and no archive is younger.

import { join } from 'node:path';
import { archivedHead } from '../../state/archive/archives.ts';
import { auditAfter, latestHead } from '../../state/audit.ts';
import type { Db } from '../../state/database.ts';
import { readShipped, type Shipped } from '../../state/shipped.ts';
import type { Core } from '../core.ts';

export const dayMs = 86_400_000;

export function destinationsOf({ store, settings }: Pick<Core, 'store' | 'settings'>): readonly Shipped[] {
  const { ship, headsFile } = settings.audit;
  const names = [...ship.map(({ name }) => name), ...(headsFile === undefined ? [] : ['heads'])];
  return names.map((name) => readShipped(store.db, name));
}

/** The last row that each destination has; undefined where there is no destination. */
export function slowest(core: Pick<Core, 'store' | 'settings'>): Shipped | undefined {
  return destinationsOf(core).toSorted((one, other) => one.seq - other.seq)[0];
}

export function archiveFolder({ settings }: Pick<Core, 'settings'>): string {
  return settings.audit.archive.folder ?? join(settings.stateFolder, 'archive');
}

/** When the oldest row of the state was written (epoch ms). */
export const oldestRow = (db: Db): number | undefined => auditAfter(db, archivedHead(db).seq, 1)[0]?.at;

export const lastRow = (db: Db): number => latestHead(db)?.seq ?? 0;
