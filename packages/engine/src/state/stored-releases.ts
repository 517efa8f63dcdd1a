// The releases of a service that are stored on the disk, and what uses them. Rows of targets that are no longer
// configured count too, because their releases may still run.

import type { AuditAction } from '../domain/audit-events.ts';
import type { Db } from './database.ts';
import { liveDeployments } from './deployments.ts';
import { and, eq, isNull, max, sql } from './drizzle.ts';
import { audit, deployments, releases, slots } from './schema.ts';
import { contracts } from './schema-contracts.ts';

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
  const live = liveDeployments(db).filter((each) => each.service === service);
  const asked = db
    .select({ version: contracts.version })
    .from(contracts)
    .where(and(eq(contracts.service, service), isNull(contracts.endedAt)))
    .all();
  return [
    ...live.flatMap(({ id, version, fromVersion: from }) => [
      { version, as: `in the running deployment ${id}` },
      ...(from === null ? [] : [{ version: from, as: `in the running deployment ${id}` }]),
    ]),
    ...asked.map(({ version }) => ({ version, as: 'its contract of the schema is waiting' })),
  ];
}

/** When a version was last deployed or left; 0 for one that never was. */
export function lastUse(db: Db, service: string, version: string): number {
  const uses = ([deployments.version, deployments.fromVersion] as const).map((column) =>
    db
      .select({ asked: max(deployments.requestedAt), ended: max(deployments.finishedAt) })
      .from(deployments)
      .where(and(eq(deployments.service, service), eq(column, version)))
      .get(),
  );
  return Math.max(0, ...uses.flatMap((use) => [use?.asked ?? 0, use?.ended ?? 0]));
}

const pruned = 'release-pruned' satisfies AuditAction;

/** Whether the audit log contains the removal of this folder, which was moved to the trash. */
export function isPruned(db: Db, aside: string): boolean {
  const said = db
    .select({ seq: audit.seq })
    .from(audit)
    .where(
      and(
        // As text: only then does SQLite see which index is meant.
        sql`${audit.action} = ${sql.raw(`'${pruned}'`)}`,
        sql`json_extract(${audit.detail}, '$.aside') = ${aside}`,
      ),
    )
    .limit(1)
    .get();
  return said !== undefined;
}
