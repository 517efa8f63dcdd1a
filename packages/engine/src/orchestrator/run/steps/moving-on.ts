// The buttons of a step that a person may end.

import type { LegalAction } from '../../../api/deployment.ts';
import type { DeploymentRow } from '../../../state/deployments.ts';
import { action } from '../step.ts';

export function movingOn({ version }: DeploymentRow, effect: string): readonly LegalAction[] {
  const full = `Sends 100 % of users to ${version} and skips what is left of the canary.`;
  return [action('promote', effect), action('promote-full', full, true)];
}
