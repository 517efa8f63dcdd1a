// Why an approval cannot be given any more: what people were asked about is not what would be done now.

import type { ApprovalRow, DeploymentRow } from '../../state/deployments.ts';
import { getSnapshot, renderedKey } from '../../state/snapshots.ts';
import type { Core, Target } from '../core.ts';
import { isStale } from './register.ts';
import { renderedRouting } from './rendered-routing.ts';

/** One sentence; undefined while it is for what would be done now. */
export function whyStale(
  core: Core,
  target: Target,
  row: Pick<DeploymentRow, 'plan' | 'digest' | 'fromSlot' | 'promotedAt'>,
  { id, planHash }: Pick<ApprovalRow, 'id' | 'planHash'>,
): string | undefined {
  if (isStale(core, target, row, planHash))
    return 'the active side or the configuration is not what it was when this approval was asked for';
  // Asked for by a version that did not store it, or of a driver that generates nothing.
  const asked = getSnapshot<string>(core.store.db, renderedKey(id))?.value;
  return asked === undefined || renderedRouting(target) === asked
    ? undefined
    : 'the configuration that is generated for the load balancer is not what it was when this approval was asked for';
}
