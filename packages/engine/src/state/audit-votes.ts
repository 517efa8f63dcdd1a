// Votes are rows of a separate table, which no hash covers. Each vote is compared with the audit row of its decision.

import type { AuditAction } from '../domain/audit-events.ts';
import type { Db } from './database.ts';
import { eq } from './drizzle.ts';
import { approvals, type audit, votes } from './schema.ts';
import { contractVotes } from './schema-contracts.ts';

interface Comparison {
  readonly count: number;
  /** For each row of the log, oldest first. */
  row(row: typeof audit.$inferSelect): void;
  /** After the last row of all. */
  problem(): string | undefined;
  /** All of them, by keys. */
  readonly keys: readonly string[];
  /** After the last row of a part: votes that no row of it names, and whether each of its rows has its vote. */
  rest(): { readonly keys: Iterable<string>; readonly complete: boolean };
}

export function votesToCompare(db: Db): Comparison {
  const known = new Map([...deploymentVotes(db), ...votesOfContracts(db)]);
  const count = known.size;
  const missing: string[] = [];
  return {
    count,
    keys: [...known.keys()],
    rest: () => ({ keys: known.keys(), complete: missing.length === 0 }),
    row: (row) => {
      const said = decisionIn(row);
      if (said !== undefined && !known.delete(said.key)) missing.push(said.sentence);
    },
    problem: () => {
      const [extra] = known.values();
      return extra ?? missing[0];
    },
  };
}

const keyOf = (of: string, person: string, at: number): string => JSON.stringify([of, person, at]);

function deploymentVotes(db: Db): readonly (readonly [string, string])[] {
  const rows = db
    .select({ deployment: approvals.deploymentId, person: votes.person, at: votes.at })
    .from(votes)
    .innerJoin(approvals, eq(approvals.id, votes.approvalId))
    .all();
  return rows.map(({ deployment, person, at }) => [
    keyOf(deployment, person, at),
    `the vote of ${person} on ${deployment} has no row in the log: it was not given through this program`,
  ]);
}

function votesOfContracts(db: Db): readonly (readonly [string, string])[] {
  const rows = db.select().from(contractVotes).all();
  return rows.map(({ contractId, person, at }) => [
    keyOf(contractId, person, at),
    `the vote of ${person} on the contract ${contractId} has no row in the log: it was not given through this program`,
  ]);
}

function decisionIn(row: typeof audit.$inferSelect): { readonly key: string; readonly sentence: string } | undefined {
  const { action, actor, at, seq } = row;
  if (!isDecision(action)) return undefined;
  const contract = (JSON.parse(row.detail) as { readonly contract?: unknown }).contract;
  const of = action === 'approved' ? row.deploymentId : contract;
  if (typeof of !== 'string') return undefined;
  return {
    key: keyOf(of, actor, at),
    sentence: `row ${seq} says that ${actor} approved ${of}, and the vote is gone or was changed`,
  };
}

const decisions = ['approved', 'contract-approved'] as const satisfies readonly AuditAction[];
const isDecision = (action: string): action is (typeof decisions)[number] =>
  decisions.some((decision) => decision === action);
