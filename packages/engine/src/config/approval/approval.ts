// Who decides about a deployment, by when, and what a release of high risk needs beyond that.

import { z } from 'zod';
import type { OnTimeout } from '../../domain/deployment.ts';
import { parseDuration } from '../../lib/units.ts';
import { approver, duration, durationOrZero, listOf, whole, yesNo } from '../kit/values.ts';
import { type ApprovalGroup, approvalGroups, resolveGroups } from './groups.ts';

const approvers = () => listOf(approver(), 200);
const count = () => whole({ min: 1, max: 20, expected: 'a number of approvals from 1 to 20' });

const timeouts = ['abort', 'hold', 'rollback'] as const satisfies readonly OnTimeout[];

/** `promote` is refused with its reason: an approval that nobody has to give is none. */
const onTimeout = () =>
  z.enum(timeouts, {
    error: ({ input }) =>
      `one of ${timeouts.join(', ')}${input === 'promote' ? ', since an approval is required wherever one is asked for: to go on without one, leave `approval` out of the canary step and give it `watch`' : ''}`,
  });

export const approval = z
  .strictObject({
    beforeTraffic: yesNo().describe('Also ask before the first user is sent. Default: false.').optional(),
    afterPromotion: yesNo()
      .describe('Also ask after the bake whether the release stays; needs `onTimeout: rollback`. Default: false.')
      .optional(),
    approvers: approvers().describe('Who may approve here, instead of the approvers of the file.').optional(),
    count: count().describe('How many people must approve. Default: 1.').optional(),
    groups: approvalGroups().optional(),
    fourEyes: yesNo().describe('Who asked for the deployment cannot approve it. Default: true.').optional(),
    deadline: duration().describe('How long an approval may take. Default: 1h.').optional(),
    onTimeout: onTimeout()
      .describe(
        'What happens when it passes: abort, hold at the present share, or rollback, which also takes a release back that all users have. Default: abort.',
      )
      .optional(),
    reminder: durationOrZero()
      .describe('So long before the deadline the approvers are reminded once; 0s for never. Default: 15m.')
      .optional(),
    minimumWait: durationOrZero()
      .describe('No approval counts before it has been asked for this long. Default: 0s.')
      .optional(),
    breakGlass: approvers()
      .describe(
        'Who may approve alone in an emergency, with a reason; on-call is paged, and Slack mentions the approvers. Default: no one.',
      )
      .optional(),
    highRisk: z
      .strictObject({
        approvers: approvers().describe('Who may approve it. Default: the approvers of the target.').optional(),
        count: count().describe('How many people must approve it. Default: as any other release.').optional(),
        groups: approvalGroups().optional(),
        minimumWait: durationOrZero().describe('Default: as any other release.').optional(),
      })
      .describe(
        'For a release that says `risk: high`; one without an approval in its plan is asked about before any user.',
      )
      .optional(),
  })
  .describe('Who decides, and by when.');

type ApprovalFile = z.infer<typeof approval>;

export const defaultApproval = {
  beforeTraffic: false,
  afterPromotion: false,
  count: 1,
  fourEyes: true,
  deadline: '1h',
  onTimeout: 'abort',
  reminder: '15m',
  minimumWait: '0s',
  breakGlass: [] as string[],
} satisfies ApprovalFile;

/** What is asked of people. */
export interface ApprovalRule {
  /** Person ids, and Slack user groups as `group:S…`; with the members of `groups`. */
  readonly approvers: readonly string[];
  readonly count: number;
  /** Of whom so many must be among them; empty where any approver counts. */
  readonly groups: readonly ApprovalGroup[];
  readonly minimumWaitMs: number;
}

export interface ApprovalSettings extends ApprovalRule {
  /** Also before the first user is sent, independent of canary steps. */
  readonly beforeTraffic: boolean;
  /** Also after the bake: without an approval the release is taken back. */
  readonly afterPromotion: boolean;
  /** The requester cannot approve. */
  readonly fourEyes: boolean;
  readonly deadlineMs: number;
  readonly onTimeout: OnTimeout;
  /** Before the deadline; 0: no reminder. */
  readonly reminderMs: number;
  /** Who may approve alone in an emergency. */
  readonly breakGlass: readonly string[];
  /** Undefined where a release of high risk is asked about as any other. */
  readonly highRisk: ApprovalRule | undefined;
}

export type Risk = 'normal' | 'high';

/** The rule for a release of this risk. */
export function approvalRule(settings: ApprovalSettings, risk: Risk | undefined): ApprovalRule {
  return risk === 'high' && settings.highRisk ? settings.highRisk : settings;
}

/** Everybody whose user groups must be known before one of them can decide. */
export const decidersOf = ({ approvers, breakGlass, highRisk }: ApprovalSettings): readonly string[] => [
  ...new Set([...approvers, ...breakGlass, ...(highRisk?.approvers ?? [])]),
];

export function resolveApproval(
  given: ApprovalFile & typeof defaultApproval,
  ofFile: readonly string[],
): ApprovalSettings {
  const { deadline, reminder, minimumWait, highRisk, approvers: own = ofFile, groups: named, ...rest } = given;
  const minimumWaitMs = parseDuration(minimumWait);
  const groups = resolveGroups(named);
  return {
    ...rest,
    approvers: withMembers(own, groups),
    groups,
    deadlineMs: parseDuration(deadline),
    reminderMs: parseDuration(reminder),
    minimumWaitMs,
    highRisk: highRisk && riskRule({ ...rest, approvers: own, groups, minimumWaitMs }, highRisk),
  };
}

/** What a release of high risk needs; what its rule leaves out is as for any other. */
function riskRule(other: ApprovalRule, highRisk: NonNullable<ApprovalFile['highRisk']>): ApprovalRule {
  const { approvers = other.approvers, count = other.count, minimumWait } = highRisk;
  const groups = highRisk.groups === undefined ? other.groups : resolveGroups(highRisk.groups);
  const minimumWaitMs = minimumWait === undefined ? other.minimumWaitMs : parseDuration(minimumWait);
  return { approvers: withMembers(approvers, groups), count, groups, minimumWaitMs };
}

/** The people of a group approve too, without being named twice. */
const withMembers = (approvers: readonly string[], groups: readonly ApprovalGroup[]): readonly string[] =>
  groups.length === 0 ? approvers : [...new Set([...approvers, ...groups.flatMap((group) => group.approvers)])];

/** What came with a later version is left out while it decides nothing: an update makes no pending approval stale. */
export function approvalInDigest({
  reminderMs: _reminder,
  minimumWaitMs,
  breakGlass,
  highRisk,
  groups,
  afterPromotion,
  ...approval
}: ApprovalSettings) {
  return {
    ...approval,
    ...(afterPromotion ? { afterPromotion } : {}),
    ...groupsInDigest(groups),
    ...(minimumWaitMs === 0 ? {} : { minimumWaitMs }),
    ...(breakGlass.length === 0 ? {} : { breakGlass }),
    ...(highRisk ? { highRisk: riskInDigest(highRisk) } : {}),
  };
}

const groupsInDigest = (groups: readonly ApprovalGroup[]) => (groups.length === 0 ? {} : { groups });

const riskInDigest = ({ groups, ...rule }: ApprovalRule) => ({ ...rule, ...groupsInDigest(groups) });
