// Groups of approvers of whom some must be among those who approve: "2 approvals, 1 of them from dba".

import { z } from 'zod';
import { approver, listOf, matching, whole } from '../kit/values.ts';

export const approvalGroups = () =>
  listOf(
    z.strictObject({
      name: matching(/^[a-z][a-z0-9-]{0,31}$/, 'small letters, digits and hyphens, such as dba').describe('Unique.'),
      approvers: listOf(approver(), 200)
        .min(1, { error: 'a list of at least one approver' })
        .describe('Who is in it: ids of people, and Slack user groups as group:S0123ABCD. They may approve, too.'),
      count: whole({ min: 1, max: 20, expected: 'a number of approvals from 1 to 20' })
        .describe('How many of them must approve. Default: 1.')
        .optional(),
    }),
    20,
  ).describe(
    'Groups of which some people must be among those who approve. A person counts once for `count`, and for every group they are in. Default: none.',
  );

export interface ApprovalGroup {
  readonly name: string;
  /** Person ids, and Slack user groups as `group:S…`. */
  readonly approvers: readonly string[];
  /** How many of them must approve. */
  readonly count: number;
}

export const resolveGroups = (
  given: z.infer<ReturnType<typeof approvalGroups>> | undefined,
): readonly ApprovalGroup[] => (given ?? []).map(({ name, approvers, count = 1 }) => ({ name, approvers, count }));

/** Names of the groups that the person is in. `groups`: ids of the Slack user groups that this person is in. */
export function groupsOf(
  all: readonly ApprovalGroup[],
  { id, groups = [] }: { readonly id: string; readonly groups?: readonly string[] | undefined },
): readonly string[] {
  const isNamed = (member: string): boolean =>
    member.startsWith('group:') ? groups.includes(member.slice('group:'.length)) : member === id;
  return all.filter(({ approvers }) => approvers.some(isNamed)).map(({ name }) => name);
}

/** One approval of one person. */
export interface CountedVote {
  /** Names of the groups that it counts for. */
  readonly groups: readonly string[];
}

export interface MissingApprovals {
  /** The fewest people who can complete it. */
  readonly people: number;
  /** Of the groups that are short of approvals. */
  readonly groups: readonly { readonly name: string; readonly people: number }[];
}

/** What an approval still waits for; a person of two groups counts for both, so that one may complete two. */
export function missingApprovals(
  { needed, groups }: { readonly needed: number; readonly groups: readonly ApprovalGroup[] },
  votes: readonly CountedVote[],
): MissingApprovals {
  const short = groups
    .map(({ name, count }) => ({ name, people: count - votes.filter((vote) => vote.groups.includes(name)).length }))
    .filter(({ people }) => people > 0);
  return { people: Math.max(0, needed - votes.length, ...short.map(({ people }) => people)), groups: short };
}

/** `1 more`, `1 more, of dba`, `2 more, at least 1 of dba and 1 of security`; empty where nothing is missing. */
export function missingText({ people, groups }: MissingApprovals): string {
  if (people === 0) return '';
  const [only] = groups;
  if (only === undefined) return `${people} more`;
  if (groups.length === 1 && only.people === people) return `${people} more, of ${only.name}`;
  return `${people} more, at least ${groups.map(({ name, people: short }) => `${short} of ${name}`).join(' and ')}`;
}
