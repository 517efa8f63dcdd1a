// What has been approved and what is still missing, of a deployment's approval or of a contract's.

import type { ApprovalGroupView } from '../../api/approval-group.ts';
import type { ApprovalRule } from '../../config/approval/approval.ts';
import { type MissingApprovals, missingApprovals, missingText } from '../../config/approval/groups.ts';
import { personOf } from '../../domain/actor.ts';
import { type ContractRow, contractVotesOf } from '../../state/contracts.ts';
import { groupsOfContractVotes, groupsOfVotes } from '../../state/counted-votes.ts';
import type { Db } from '../../state/database.ts';
import { type ApprovalRow, votesOf } from '../../state/deployments.ts';

export interface ApprovalCounts {
  /** As stored in rows, in order. */
  readonly votes: readonly { readonly person: string; readonly groups: readonly string[] }[];
  readonly missing: MissingApprovals;
}

export function approvalCounts(
  db: Db,
  { groups }: Pick<ApprovalRule, 'groups'>,
  approval: ApprovalRow,
): ApprovalCounts {
  const counted = groups.length === 0 ? undefined : groupsOfVotes(db, approval);
  const votes = votesOf(db, approval.id).map((person) => ({ person, groups: counted?.get(person) ?? [] }));
  return { votes, missing: missingApprovals({ needed: approval.needed, groups }, votes) };
}

export function contractCounts(
  db: Db,
  { groups }: Pick<ApprovalRule, 'groups'>,
  { id, needed }: Pick<ContractRow, 'id' | 'needed'>,
): ApprovalCounts {
  const counted = groups.length === 0 ? undefined : groupsOfContractVotes(db, id);
  const votes = contractVotesOf(db, id).map((person) => ({ person, groups: counted?.get(person) ?? [] }));
  return { votes, missing: missingApprovals({ needed, groups }, votes) };
}

/** Nothing where any approver counts. */
export function groupsShown(
  { groups }: Pick<ApprovalRule, 'groups'>,
  { votes, missing }: ApprovalCounts,
): { readonly groups?: readonly ApprovalGroupView[]; readonly missing?: string } {
  if (groups.length === 0) return {};
  return {
    groups: groups.map(({ name, count }) => ({
      name,
      needed: count,
      given: votes.filter((vote) => vote.groups.includes(name)).map(({ person }) => personOf(person) ?? person),
    })),
    missing: missingText(missing),
  };
}
