// Pure: what a person may do with a deployment now, each with its effect in one sentence.

import type { ApprovalView, DeploymentView, LegalAction } from '../../api/deployment.ts';
import type { TargetSettings } from '../../config/settings.ts';
import type { DeploymentRow } from '../../state/deployments.ts';
import { action } from '../run/step.ts';
import { knownStep } from '../run/steps/named.ts';

export interface ActionInput {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly row: DeploymentRow;
  readonly approval: ApprovalView | undefined;
  readonly frozen?: DeploymentView['frozen'];
  readonly kept: DeploymentView['kept'];
  readonly afterBake: TargetSettings['afterBake'];
  /** The release of this deployment is what users get now. */
  readonly onActive: boolean;
  /** An approval is ahead that one person cannot give at once: the rest of the canary is not skipped. */
  readonly cannotSkip?: boolean;
  /** This deployment has suspended the automation of the target. */
  readonly suspended?: boolean;
}

export function legalActions(input: ActionInput): readonly LegalAction[] {
  return input.row.finishedAt === null ? whileLive(input) : afterwards(input);
}

function whileLive({ row, approval, frozen, now, cannotSkip = false }: ActionInput): LegalAction[] {
  if (row.direction === 'unwinding') return [];
  const back =
    row.fromVersion === null
      ? 'No user is served then: there was no release before.'
      : `All users get ${row.fromVersion}.`;
  const giveUp =
    row.promotedAt === null
      ? action('abort', `Gives up ${row.version}. ${back}`, true)
      : action('rollback', `Takes ${row.version} back. ${back}`, true);
  if (row.pausedAt !== null) return [action('resume', `Goes on with ${row.version} where it was paused.`), giveUp];
  if (frozen)
    return frozen.override === 'nobody'
      ? [giveUp]
      : [
          action('continue', `Goes on with ${row.version} although ${frozen.sentence}; it asks for the reason.`),
          giveUp,
        ];
  const pause = action('pause', `Holds ${row.version} at its present share until a person resumes it.`);
  const onStep = knownStep(row.plan?.steps[row.position]?.name)?.actions({ row, approval, now }) ?? [];
  return [...onStep.filter(({ name }) => !(cannotSkip && name === 'promote-full')), pause, giveUp];
}

function afterwards(input: ActionInput): LegalAction[] {
  const unsuspend = action('unsuspend', 'Machines may deploy here again.');
  return [...aboutOtherSide(input), ...(input.suspended ? [unsuspend] : [])];
}

function aboutOtherSide({ row, kept, afterBake, onActive }: ActionInput): LegalAction[] {
  if (!kept) return [];
  if (kept.label === 'failed' || kept.label === 'aborted')
    return [
      action('restore-failed', `Replaces ${kept.version} in ${kept.slot} by the last good release now.`),
      action('keep-failed', `Leaves ${kept.version} in ${kept.slot} until the next deployment.`),
    ];
  if (!onActive || kept.label !== 'standby') return [];
  const back = action(
    'rollback',
    `All users get ${kept.version} again, which is kept warm in ${kept.slot}; ${row.version} is marked bad.`,
    true,
  );
  return afterBake === 'ask'
    ? [
        back,
        action(
          'upgrade-standby',
          `Brings ${kept.slot} to ${row.version} too; going back to ${kept.version} then takes a start.`,
        ),
        action('stop-standby', `Stops ${kept.version} in ${kept.slot}; going back to it then takes a start.`, true),
      ]
    : [back];
}
