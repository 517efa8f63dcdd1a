// For which groups of approvers each approval counts. The rows of the log say so, which their chain proves: no other table
// could be changed without it.

import { readEvent } from '../domain/audit-events.ts';
import { present } from './audit.ts';
import type { Db } from './database.ts';
import type { ApprovalRow } from './deployments.ts';
import { and, asc, eq, sql } from './drizzle.ts';
import { audit } from './schema.ts';

// As text, not as a parameter: only then does SQLite see which index is meant.
const isContractApproval = sql`${audit.action} = 'contract-approved'`;

/** Names of groups by actor. */
export type GroupsOfVotes = ReadonlyMap<string, readonly string[]>;

export function groupsOfVotes(db: Db, { id, deploymentId }: Pick<ApprovalRow, 'id' | 'deploymentId'>): GroupsOfVotes {
  const counted = new Map<string, readonly string[]>();
  for (const row of db
    .select()
    .from(audit)
    .where(and(eq(audit.deploymentId, deploymentId), sql`${audit.action} IN ('approved', 'approval-counted')`))
    .orderBy(asc(audit.seq))
    .all()) {
    const event = readEvent(present(row));
    if (event?.action !== 'approved' && event?.action !== 'approval-counted') continue;
    if (event.detail.approval !== id) continue;
    counted.set(event.actor, [...(counted.get(event.actor) ?? []), ...(event.detail.groups ?? [])]);
  }
  return counted;
}

export function groupsOfContractVotes(db: Db, contract: string): GroupsOfVotes {
  const rows = db
    .select()
    .from(audit)
    .where(and(isContractApproval, sql`json_extract(${audit.detail}, '$.contract') = ${contract}`))
    .all();
  return new Map(
    rows.map((row) => {
      const event = readEvent(present(row));
      return [row.actor, (event?.action === 'contract-approved' ? event.detail.groups : undefined) ?? []] as const;
    }),
  );
}
