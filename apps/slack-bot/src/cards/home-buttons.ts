// The buttons of a target on the Home tab: what a person does most, without typing a command.

import { type LegalAction, shortName, type TargetView } from '@bg/engine';
import { actions, type Block, type Button, button } from './blocks.ts';
import { actionButtons } from './buttons.ts';
import { unlockAction } from './lock-card.ts';
import { outside } from './text.ts';

export const homeDeploy = 'home-deploy';
export const homeLock = 'home-lock';

export const isHomeAction = (name: string): boolean => name === homeDeploy || name === homeLock;

/** `index`: its place on the tab. */
export function homeButtons(target: TargetView, index: number): Block {
  const { service, target: name, live, last, lock } = target;
  const ref = `${service}/${name}`;
  const about = live ?? last;
  const back = about === undefined ? [] : (live?.actions ?? target.actions).filter(isBack);
  return actions(
    [
      button({ actionId: `deploy.${homeDeploy}`, label: 'Deploy…', value: ref }),
      ...(about === undefined ? [] : actionButtons(about, back)),
      lock === undefined ? button({ actionId: `deploy.${homeLock}`, label: 'Lock…', value: ref }) : unlock(ref, lock),
    ],
    `home:${index}:${ref}:${about?.id ?? '-'}:${about?.stateVersion ?? 0}:${lock?.since ?? 0}`,
  );
}

const isBack = ({ name }: LegalAction): boolean => name === 'rollback' || name === 'abort';

/** Bound to the lock that is shown. */
const unlock = (ref: string, { since, owner, reason }: NonNullable<TargetView['lock']>): Button =>
  button({
    actionId: `deploy.${unlockAction}`,
    label: 'Unlock',
    value: `${ref}:${since}`,
    confirm: {
      title: 'Unlock?',
      text: outside(`${shortName(owner)} locked it: ${reason}. Deployments are possible again.`, 280),
    },
  });
