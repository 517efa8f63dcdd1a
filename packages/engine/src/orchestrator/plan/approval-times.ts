// Pure: what an approval's times allow now. The verbs refuse by these rules, and cards offer by them.

import type { ApprovalView } from '../../api/deployment.ts';

const extendMs = 30 * 60_000;
/** Since it was asked for: no approval waits longer by extensions. */
export const longestExtensionMs = 7 * 24 * 3_600_000;

type Times = Pick<ApprovalView, 'askedAt' | 'deadlineAt' | 'onTimeout'>;

/** With `hold`, an approver may decide after the deadline too. */
export const isOverdue = ({ deadlineAt, onTimeout }: Times, now: number): boolean =>
  onTimeout !== 'hold' && deadlineAt <= now;

export const isTooEarly = ({ opensAt }: Pick<ApprovalView, 'opensAt'>, now: number): boolean =>
  opensAt !== undefined && now < opensAt;

/** Epoch milliseconds; undefined where an extension would give no more time. */
export function extendedDeadline({ askedAt, deadlineAt }: Times, now: number): number | undefined {
  const extended = Math.min(Math.max(deadlineAt, now) + extendMs, askedAt + longestExtensionMs);
  return extended > Math.max(deadlineAt, now) ? extended : undefined;
}
