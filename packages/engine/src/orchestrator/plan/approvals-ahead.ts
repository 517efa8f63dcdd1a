// Pure: whether what is left of a plan holds an approval that one person cannot give at once. To go to all users at once
// would leave it out, and one person asks for that.

import { type ApprovalSettings, approvalRule } from '../../config/approval/approval.ts';
import type { DeploymentRow } from '../../state/deployments.ts';
import { knownStep } from '../run/steps/named.ts';

export function cannotSkip(
  { plan, position }: Pick<DeploymentRow, 'plan' | 'position'>,
  approval: ApprovalSettings,
): boolean {
  const { count, groups, minimumWaitMs } = approvalRule(approval, plan?.risk);
  // The one after the promotion is asked for all the same.
  const last = plan?.steps.findIndex(({ name }) => name === 'promote') ?? 0;
  const isAhead =
    plan?.steps.some(({ name }, at) => at > position && at < last && knownStep(name)?.promote === 'vote') === true;
  return isAhead && (count > 1 || groups.length > 0 || minimumWaitMs > 0);
}
