// What may be done next, as the command that does it.

import type { ActionName, DeploymentView } from '@bg/engine';

type Named = Pick<DeploymentView, 'id' | 'service' | 'target'>;

export function commandOf(name: ActionName, { id, service, target }: Named): string {
  const place = `${service}/${target}`;
  switch (name) {
    case 'approve':
    case 'promote':
    case 'pause':
    case 'resume':
    case 'abort':
    case 'extend':
      return `bg ${name} ${id}`;
    case 'reject':
    case 'continue':
      return `bg ${name} ${id} --reason "…"`;
    case 'promote-full':
      return `bg promote ${id} --full`;
    case 'rollback':
      return `bg rollback ${place}`;
    case 'restore-failed':
      return `bg restore ${place}`;
    case 'keep-failed':
      return `bg keep ${place}`;
    case 'stop-standby':
      return `bg standby stop ${place}`;
    case 'upgrade-standby':
      return `bg standby upgrade ${place}`;
    case 'unsuspend':
      return `bg unsuspend ${place}`;
    default:
      return name satisfies never;
  }
}

/** The command before its sentence, one row each, for `tableLines`. */
export function actionRows(deployment: Named & Pick<DeploymentView, 'actions'>): readonly (readonly string[])[] {
  return deployment.actions.map(({ name, effect }) => [commandOf(name, deployment), effect]);
}
