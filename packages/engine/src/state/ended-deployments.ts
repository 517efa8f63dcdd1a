// Deployments that have ended, from the first on, in pages: for those who count them.

import type { Mode, OutcomeKind } from '../domain/deployment.ts';
import type { Db } from './database.ts';
import { and, asc, gt, inArray, isNotNull, isNull, lte, max, sql } from './drizzle.ts';
import { audit, deployments, steps } from './schema.ts';

export interface EndedDeployment {
  readonly service: string;
  readonly target: string;
  readonly mode: Mode;
  readonly outcome: OutcomeKind;
  /** From the request to the end. */
  readonly ms: number;
  /** In steps that a person ends. */
  readonly peopleMs: number;
}

/** A moment of the state: what had ended by then is counted from the table, what ends later from the audit log. */
export interface EndedSoFar {
  readonly seq: number;
  readonly lastRow: number;
  readonly unfinished: readonly string[];
}

const rowid = sql<number>`${deployments}.rowid`;

export function endedSoFar(db: Db): EndedSoFar {
  return db.$client.transaction(() => ({
    seq:
      db
        .select({ seq: max(audit.seq) })
        .from(audit)
        .get()?.seq ?? 0,
    lastRow: db.select({ row: sql<number>`coalesce(max(rowid), 0)` }).from(deployments).get()?.row ?? 0,
    unfinished: db
      .select({ id: deployments.id })
      .from(deployments)
      .where(isNull(deployments.finishedAt))
      .all()
      .map(({ id }) => id),
  }))();
}

/** Of those that had ended at that moment, the next ones after this row. */
export function endedUpTo(
  db: Db,
  { lastRow, unfinished }: EndedSoFar,
  page: { readonly after: number; readonly limit: number; readonly stepsOfPeople: readonly string[] },
): { readonly ended: readonly EndedDeployment[]; readonly last: number | undefined } {
  const rows = db
    .select({ row: rowid, id: deployments.id })
    .from(deployments)
    .where(and(gt(rowid, page.after), lte(rowid, lastRow)))
    .orderBy(asc(rowid))
    .limit(page.limit)
    .all();
  const ids = rows.map(({ id }) => id).filter((id) => !unfinished.includes(id));
  return { ended: endedOf(db, ids, page.stepsOfPeople), last: rows.at(-1)?.row };
}

/** `stepsOfPeople`: the names of the steps that a person ends. */
export function endedOf(db: Db, ids: readonly string[], stepsOfPeople: readonly string[]): readonly EndedDeployment[] {
  const people = new Map(
    db
      .select({ id: steps.deploymentId, ms: sql<number>`sum(${steps.endedAt} - ${steps.startedAt})` })
      .from(steps)
      .where(
        and(inArray(steps.deploymentId, [...ids]), inArray(steps.name, [...stepsOfPeople]), isNotNull(steps.endedAt)),
      )
      .groupBy(steps.deploymentId)
      .all()
      .map(({ id, ms }) => [id, ms]),
  );
  return db
    .select({
      id: deployments.id,
      service: deployments.service,
      target: deployments.target,
      mode: deployments.mode,
      outcome: deployments.outcome,
      from: deployments.requestedAt,
      to: deployments.finishedAt,
    })
    .from(deployments)
    .where(inArray(deployments.id, [...ids]))
    .all()
    .flatMap(({ id, service, target, mode, outcome, from, to }) =>
      outcome === null || to === null
        ? []
        : [
            {
              service,
              target,
              mode,
              outcome,
              // By the wall clock, which may have been set back in between.
              ms: Math.max(0, to - from),
              peopleMs: Math.max(0, people.get(id) ?? 0),
            },
          ],
    );
}
