// What happens after a verb was accepted: the command answers and leaves, or stays until the deployment has ended.

import type { DeploymentView, Result } from '@bg/engine';
import { type ExitCode, exitCodeOf, exitCodes, type Wish } from '../exit.ts';
import { refused } from '../refused.ts';
import type { Session } from '../session.ts';
import { deploymentLines } from '../show/deployment.ts';
import { type FollowEnd, follow } from './follow.ts';

export interface Attendance {
  readonly desired: Wish;
  readonly follow: boolean;
}

/** If a controller runs, the reply is enough. If none runs, this process executes what was requested. */
export async function attend(
  session: Session,
  result: Result<DeploymentView>,
  attendance: Attendance,
): Promise<ExitCode> {
  const { engine, screen } = session;
  if (!result.ok) return refused(screen, result.refusal);
  const { id, outcome } = result.value;
  if (!attendance.follow && (outcome || engine.controllerAlive())) {
    screen.answer(result.value, deploymentLines);
    if (!outcome) screen.aside(`Follow it: bg follow ${id}`);
    return outcome ? exitCodeOf(outcome, attendance.desired) : exitCodes.done;
  }
  return stay(session, id, attendance);
}

/** Stays until the end. With `follow` also while a person is awaited. */
export async function stay(
  session: Session,
  id: string,
  { desired, follow: following }: Attendance,
): Promise<ExitCode> {
  const { screen } = session;
  const end = await follow(session, { id, progress: following ? 'full' : 'quiet', leaveWhenWaiting: !following });
  if (screen.json && !following) screen.answer(end.view, () => []);
  return endOf(session, end, desired);
}

function endOf({ engine, screen }: Session, { kind, view, drove }: FollowEnd, desired: Wish): ExitCode {
  if (view.outcome) return exitCodeOf(view.outcome, desired);
  const driver = drove ? undefined : engine.status().driver;
  const state =
    driver === undefined
      ? `${view.name} stays as it is (${view.percent} % of the users on ${view.version}): no process drives it now, so no deadline and no check takes effect.`
      : `The deployment goes on, driven by ${driver}.`;
  const next = driver === undefined ? `Drive it on: bg follow ${view.id}` : `Look again: bg follow ${view.id}`;
  screen.aside(kind === 'waiting' ? 'A person is awaited.' : 'Stopped following; nothing was taken back.');
  screen.aside(`${state} ${next}`);
  return kind === 'waiting' ? exitCodes.done : exitCodes.stopped;
}
