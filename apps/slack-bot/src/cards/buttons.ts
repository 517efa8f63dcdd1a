// Legal actions as buttons: what may be done next is the engine's word, how it looks is decided here.

import type { ActionName, DeploymentView, LegalAction } from '@bg/engine';
import { type Button, button } from './blocks.ts';
import { outside } from './text.ts';

const labels: Readonly<Record<ActionName, string>> = {
  approve: 'Approve',
  reject: 'Reject…',
  promote: 'Go on',
  'promote-full': 'Promote to 100%',
  pause: 'Pause',
  resume: 'Resume',
  abort: 'Abort the deployment',
  rollback: 'Roll back',
  extend: '30 more minutes',
  continue: 'Continue…',
  'restore-failed': 'Restore the last good release',
  'keep-failed': 'Keep for debugging',
  'stop-standby': 'Stop the standby',
  'upgrade-standby': 'Upgrade the standby',
  unsuspend: 'Resume the automation',
};

/** The first of these that is legal is the primary button; there is never a second. */
const primaryOrder: readonly ActionName[] = ['approve', 'resume', 'promote', 'promote-full'];
/** To skip what is being looked at is possible, but nothing that a card proposes. */
const skips: readonly ActionName[] = ['promote', 'promote-full'];

/** About a target's other side, not about a running deployment. */
export const targetActions: readonly ActionName[] = [
  'restore-failed',
  'keep-failed',
  'stop-standby',
  'upgrade-standby',
  'unsuspend',
];

type Subject = Pick<DeploymentView, 'id' | 'stateVersion' | 'service' | 'target'> &
  Partial<Pick<DeploymentView, 'observation' | 'paused' | 'version' | 'mode' | 'from' | 'kept' | 'outcome' | 'steps'>>;

/** Each names its effect, as far as the deployment says it. */
function labelOf({ version, mode, from, kept, outcome, steps }: Subject, name: ActionName): string {
  const goesBack = mode === 'deploy' || mode === 'redeploy' ? from?.version : undefined;
  switch (name) {
    case 'promote': {
      const next = steps?.slice(steps.findIndex(({ status }) => status === 'started') + 1)[0]?.title;
      return next === undefined ? labels.promote : `Go on: ${next}`;
    }
    case 'rollback': {
      const back = outcome === undefined ? from?.version : kept?.version;
      return back === undefined ? labels.rollback : `Roll back to ${back}`;
    }
    case 'restore-failed':
      return goesBack && kept ? `Restore ${goesBack} in ${kept.slot}` : labels[name];
    case 'keep-failed':
      return kept ? `Keep ${kept.version} for debugging` : labels[name];
    case 'stop-standby':
      return kept ? `Stop ${kept.version} in ${kept.slot}` : labels[name];
    case 'upgrade-standby':
      return kept && version !== undefined ? `Upgrade ${kept.slot} to ${version}` : labels[name];
    default:
      return labels[name];
  }
}

export function actionButtons(subject: Subject, legal: readonly LegalAction[]): readonly Button[] {
  const isWatched = subject.observation !== undefined && subject.paused === undefined;
  const primary = primaryOrder
    .filter((name) => !isWatched || !skips.includes(name))
    .find((name) => legal.some((action) => action.name === name && !action.danger));
  // Two red buttons side by side ask which one: with a Reject, Abort is the plain one, and it asks before it acts.
  const isRed = ({ name, danger }: LegalAction): boolean =>
    danger && !(name === 'abort' && legal.some((one) => one.name === 'reject'));
  return legal.map((action) =>
    button({
      actionId: `deploy.${action.name}`,
      label: labelOf(subject, action.name),
      value: buttonValue(subject, action.name),
      style: isRed(action) ? 'danger' : action.name === primary ? 'primary' : undefined,
      // Reject opens a form for the reason, which is confirmation enough.
      confirm:
        action.danger && action.name !== 'reject'
          ? { title: `${labelOf(subject, action.name)}?`, text: outside(action.effect, 280) }
          : undefined,
    }),
  );
}

/** `dep_1:12`, or `shop/production:dep_1` for what is about the target's other side. */
export function buttonValue({ id, stateVersion, service, target }: Subject, name: ActionName): string {
  return targetActions.includes(name) ? `${service}/${target}:${id}` : `${id}:${stateVersion}`;
}
