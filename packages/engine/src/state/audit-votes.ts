// Votes are rows of separate tables, which no hash covers. Each vote is compared with the audit row of its decision, and
// each decision with its vote, by lookups, page by page.

import { createHash } from 'node:crypto';
import type { AuditAction } from '../domain/audit-events.ts';
import type { StoredAuditRow } from './audit.ts';
import type { Db } from './database.ts';
import { and, asc, eq, gt, type SQL, sql } from './drizzle.ts';
import { preparedOnce } from './prepared.ts';
import { approvals, audit, votes } from './schema.ts';
import { contractVotes } from './schema-contracts.ts';

/** Up to which votes were compared, by their place in each table. */
export interface VotesSeen {
  readonly deployments: number;
  readonly contracts: number;
  readonly count: number;
  /** Of all of them, in any order. */
  readonly digest: string;
}

export const noVotes: VotesSeen = { deployments: 0, contracts: 0, count: 0, digest: '0'.repeat(64) };

/** Votes after those that were seen, at most `limit` of each table. `extra`: the first that no row names. */
export function compareVotes(
  db: Db,
  seen: VotesSeen,
  limit: number,
): { readonly seen: VotesSeen; readonly isAll: boolean; readonly extra: string | undefined } {
  const onDeployments = deploymentVotes(db, seen.deployments, limit);
  const onContracts = votesOfContracts(db, seen.contracts, limit);
  const all = [...onDeployments, ...onContracts];
  return {
    seen: {
      deployments: onDeployments.at(-1)?.place ?? seen.deployments,
      contracts: onContracts.at(-1)?.place ?? seen.contracts,
      count: seen.count + all.length,
      digest: all.reduce((digest, vote) => withVote(digest, keyOf(vote)), seen.digest),
    },
    isAll: onDeployments.length < limit && onContracts.length < limit,
    extra: all.find((vote) => !hasRow(db, vote))?.sentence,
  };
}

interface Vote {
  readonly place: number;
  readonly on: 'deployment' | 'contract';
  readonly of: string;
  readonly person: string;
  readonly at: number;
  /** Where no row names it. */
  readonly sentence: string;
}

const unnamed = (person: string, on: string): string =>
  `the vote of ${person} on ${on} has no row in the log: it was not given through this program`;

function deploymentVotes(db: Db, after: number, limit: number): readonly Vote[] {
  return lookupsIn(db)
    .onDeployments.all({ after, limit })
    .map((vote) => ({ ...vote, on: 'deployment', sentence: unnamed(vote.person, vote.of) }));
}

function votesOfContracts(db: Db, after: number, limit: number): readonly Vote[] {
  return lookupsIn(db)
    .onContracts.all({ after, limit })
    .map((vote) => ({ ...vote, on: 'contract', sentence: unnamed(vote.person, `the contract ${vote.of}`) }));
}

const keyOf = ({ of, person, at }: Pick<Vote, 'of' | 'person' | 'at'>): string => JSON.stringify([of, person, at]);

/** A sum: the digest of some votes and one more needs no other vote. */
function withVote(digest: string, key: string): string {
  const sum = BigInt(`0x${digest}`) + BigInt(`0x${createHash('sha256').update(key).digest('hex')}`);
  return BigInt.asUintN(256, sum).toString(16).padStart(64, '0');
}

// As text, not as parameters: only then does SQLite see which indexes are meant.
const isApproval = sql`${audit.action} = ${sql.raw(`'${'approved' satisfies AuditAction}'`)}`;
const isContractApproval = sql`${audit.action} = ${sql.raw(`'${'contract-approved' satisfies AuditAction}'`)}`;

function hasRow(db: Db, { on, of, person, at }: Vote): boolean {
  const { rowOfVote, rowOfContractVote } = lookupsIn(db);
  return (on === 'deployment' ? rowOfVote : rowOfContractVote).get({ of, person, at }) !== undefined;
}

/** For a row that is a decision of a person: undefined while its vote is there. */
export function missingVote(db: Db, row: StoredAuditRow): string | undefined {
  const { action, actor, at, seq } = row;
  if (!isDecision(action)) return undefined;
  const contract = (JSON.parse(row.detail) as { readonly contract?: unknown }).contract;
  const of = action === 'approved' ? row.deploymentId : contract;
  if (typeof of !== 'string') return undefined;
  const { votesOnDeployment, votesOnContract } = lookupsIn(db);
  const votes = (action === 'approved' ? votesOnDeployment : votesOnContract).all({ of, person: actor });
  return votes.some((vote) => vote.at === at)
    ? undefined
    : `row ${seq} says that ${actor} approved ${of}, and the vote is gone or was changed`;
}

const decisions = ['approved', 'contract-approved'] as const satisfies readonly AuditAction[];
const isDecision = (action: string): action is (typeof decisions)[number] =>
  decisions.some((decision) => decision === action);

const lookupsIn = preparedOnce(prepareLookups);

const given = (name: string) => sql.placeholder(name);

function prepareLookups(db: Db) {
  const ofPerson = and(eq(audit.actor, given('person')), eq(audit.at, given('at')));
  const rowsThat = (condition: SQL | undefined) =>
    db.select({ seq: audit.seq }).from(audit).where(and(condition, ofPerson)).limit(1).prepare();
  return {
    onDeployments: db
      .select({ place: sql<number>`${votes}.rowid`, of: approvals.deploymentId, person: votes.person, at: votes.at })
      .from(votes)
      .innerJoin(approvals, eq(approvals.id, votes.approvalId))
      .where(sql`${votes}.rowid > ${given('after')}`)
      .orderBy(sql`${votes}.rowid`)
      .limit(given('limit'))
      .prepare(),
    onContracts: db
      .select({
        place: sql<number>`rowid`,
        of: contractVotes.contractId,
        person: contractVotes.person,
        at: contractVotes.at,
      })
      .from(contractVotes)
      .where(gt(sql`rowid`, given('after')))
      .orderBy(asc(sql`rowid`))
      .limit(given('limit'))
      .prepare(),
    rowOfVote: rowsThat(and(isApproval, eq(audit.deploymentId, given('of')))),
    rowOfContractVote: rowsThat(
      and(isContractApproval, sql`json_extract(${audit.detail}, '$.contract') = ${given('of')}`),
    ),
    votesOnDeployment: db
      .select({ at: votes.at })
      .from(approvals)
      .innerJoin(votes, eq(votes.approvalId, approvals.id))
      .where(and(eq(approvals.deploymentId, given('of')), eq(votes.person, given('person'))))
      .prepare(),
    votesOnContract: db
      .select({ at: contractVotes.at })
      .from(contractVotes)
      .where(and(eq(contractVotes.contractId, given('of')), eq(contractVotes.person, given('person'))))
      .prepare(),
  };
}
