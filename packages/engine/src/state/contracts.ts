// Contracts of schemas: asked for, approved, run, ended. One at a time on a target; one that has ended never changes again.

import type { TargetKey } from '../domain/target.ts';
import type { Db } from './database.ts';
import { and, asc, desc, eq, gt, isNotNull, isNull, sql } from './drizzle.ts';
import { deployments } from './schema.ts';
import { contracts, contractVotes } from './schema-contracts.ts';
import type { Tx } from './store.ts';

export type ContractRow = typeof contracts.$inferSelect;

const ofTarget = ({ service, target }: TargetKey) => and(eq(contracts.service, service), eq(contracts.target, target));

export function readContract(db: Db, id: string): ContractRow | undefined {
  return db.select().from(contracts).where(eq(contracts.id, id)).get();
}

/** The one that is asked for, approved or running. */
export function liveContract(db: Db, key: TargetKey): ContractRow | undefined {
  return db
    .select()
    .from(contracts)
    .where(and(ofTarget(key), isNull(contracts.endedAt)))
    .get();
}

export function lastContract(db: Db, key: TargetKey): ContractRow | undefined {
  return db
    .select()
    .from(contracts)
    .where(and(ofTarget(key), isNotNull(contracts.endedAt)))
    .orderBy(desc(contracts.endedAt))
    .limit(1)
    .get();
}

export function addContract(tx: Tx, row: typeof contracts.$inferInsert): void {
  tx.db.insert(contracts).values(row).run();
}

export function changeContract(tx: Tx, id: string, change: Partial<ContractRow>): void {
  tx.db.update(contracts).set(change).where(eq(contracts.id, id)).run();
}

export function contractVotesOf(db: Db, contractId: string): readonly string[] {
  return db
    .select()
    .from(contractVotes)
    .where(eq(contractVotes.contractId, contractId))
    .orderBy(asc(contractVotes.at))
    .all()
    .map(({ person }) => person);
}

export function addContractVote(tx: Tx, contractId: string, person: string): void {
  tx.db.insert(contractVotes).values({ contractId, person, at: tx.now }).run();
}

/** Releases that others replaced after `since`, with the time of the last change, from which the limit for a rollback counts. */
export function releasesLeft(db: Db, { service, target }: TargetKey, since: number): ReadonlyMap<string, number> {
  const rows = db
    .select({ version: deployments.fromVersion, at: deployments.promotedAt })
    .from(deployments)
    .where(
      and(
        eq(deployments.service, service),
        eq(deployments.target, target),
        gt(deployments.promotedAt, since),
        isNotNull(deployments.fromVersion),
        // As text: only then does SQLite see which index is meant.
        sql`${deployments.outcome} <> 'rolled-back'`,
      ),
    )
    .orderBy(asc(deployments.promotedAt))
    .all();
  return new Map(rows.map(({ version, at }) => [version ?? '', at ?? 0]));
}
