// The releases of a service that are stored on the disk, and what uses them. Rows of targets that are no longer
// configured count too, because their releases may still run.

import type { AuditAction } from '../domain/audit-events.ts';
import type { Db } from './database.ts';
import { and, eq, isNull, max, sql } from './drizzle.ts';
import { audit, deployments, releases, slots } from './schema.ts';
import { contracts } from './schema-contracts.ts';
import type { ReleaseRow } from './targets.ts';

export function registeredReleases(db: Db, service: string): readonly ReleaseRow[] {
  return db.select().from(releases).where(eq(releases.service, service)).all();
}

/** Services that have a registered release in this folder. */
export function servicesOf(db: Db, folder: string): readonly string[] {
  return db
    .selectDistinct({ service: releases.service })
    .from(releases)
    .where(eq(releases.folder, folder))
    .all()
    .map(({ service }) => service);
}

export function slotsOf(db: Db, service: string): readonly (typeof slots.$inferSelect)[] {
  return db.select().from(slots).where(eq(slots.service, service)).all();
}

/** Versions that a deployment or a contract works with now, each with what it is. */
export function worksWith(db: Db, service: string): readonly { readonly version: string; readonly as: string }[] {
  const live = db
    .select({ id: deployments.id, version: deployments.version, from: deployments.fromVersion })
    .from(deployments)
    .where(and(eq(deployments.service, service), isNull(deployments.finishedAt)))
    .all();
  const asked = db
    .select({ version: contracts.version })
    .from(contracts)
    .where(and(eq(contracts.service, service), isNull(contracts.endedAt)))
    .all();
  return [
    ...live.flatMap(({ id, version, from }) => [
      { version, as: `in the running deployment ${id}` },
      ...(from === null ? [] : [{ version: from, as: `in the running deployment ${id}` }]),
    ]),
    ...asked.map(({ version }) => ({ version, as: 'its contract of the schema is waiting' })),
  ];
}

/** When a version was last deployed or left, by version. */
export function lastUses(db: Db, service: string): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  const note = (version: string | null, at: number | null) => {
    if (version !== null) uses.set(version, Math.max(uses.get(version) ?? 0, at ?? 0));
  };
  const ofService = eq(deployments.service, service);
  for (const column of [deployments.version, deployments.fromVersion] as const)
    for (const row of db
      .select({ version: column, asked: max(deployments.requestedAt), ended: max(deployments.finishedAt) })
      .from(deployments)
      .where(ofService)
      .groupBy(column)
      .all())
      note(row.version, Math.max(row.asked ?? 0, row.ended ?? 0));
  return uses;
}

/** When the files of a version were last fetched, by version: of those that were never registered, too. */
export function fetchedAt(db: Db, service: string): ReadonlyMap<string, number> {
  const rows = db
    .select({ at: audit.at, detail: audit.detail })
    .from(audit)
    .where(and(eq(audit.action, 'release-fetched' satisfies AuditAction), eq(audit.service, service)))
    .orderBy(audit.seq)
    .all();
  return new Map(rows.map(({ at, detail }) => [String((JSON.parse(detail) as { version?: unknown }).version), at]));
}

/** Whether the audit log contains the removal of this folder, which was moved to the trash. */
export function isPruned(db: Db, aside: string): boolean {
  const said = db
    .select({ seq: audit.seq })
    .from(audit)
    .where(
      and(
        eq(audit.action, 'release-pruned' satisfies AuditAction),
        sql`json_extract(${audit.detail}, '$.aside') = ${aside}`,
      ),
    )
    .limit(1)
    .get();
  return said !== undefined;
}
