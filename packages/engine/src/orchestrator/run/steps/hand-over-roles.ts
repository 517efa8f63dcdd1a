// Gives the workers and schedulers of a target to the new side. In a deployment it comes before the users: a role that
// does not start then costs no user anything, and on the way back users are first. In a rollback users are first, and a
// role that does not start does not keep them on the bad side.

import type { ReleaseFiles } from '../../../environment/environment.ts';
import { type Core, releaseFiles } from '../../core.ts';
import { requireUnchanged } from '../../plan/release-settings.ts';
import { handOver } from '../../process-roles/hand-over.ts';
import { namesOf, type Side } from '../../process-roles/places.ts';
import { done, failed, type Named, noActions, type Step, type StepFrame, type StepResult } from '../step.ts';

interface HandOverRoles extends Named<'hand-over-roles'> {
  /** Their names. Undefined: there are none, and only the live files change. */
  readonly roles?: readonly string[] | undefined;
}

export const handOverRoles: Step<HandOverRoles> = {
  name: 'hand-over-roles',
  title: ({ roles }, version) =>
    roles ? `hand ${namesOf(roles)} over to ${version}` : `say in the live files that ${version} is live`,
  // A pause or a freeze that holds back the users holds back the jobs.
  moves: 'all',
  waitsFor: 'nothing',
  isStartingSide: false,
  actions: noActions,
  promote: 'nothing',
  // Each old process has the time that its role gives it, which may be hours.
  limitMs: 'waits',
  run: async (context) => {
    const { deployment, release, step, signal } = context;
    const isBack = deployment.mode === 'rollback';
    if (!isBack) await requireUnchanged(release, signal);
    const to: Side = { slot: deployment.slot, release };
    const problem = await handOver(context, {
      to,
      kind: isBack ? 'rescue' : 'addition',
      signal,
      deploymentId: deployment.id,
    });
    if (problem === undefined) return done(`${doneBy(step, release)} in ${to.slot}`);
    if (isBack) return done(`users stay on ${release.version}, and its roles are tried again: ${problem.message}`);
    return failed(problem.code, problem.message);
  },
  undo: giveBack,
};

/** The old processes are started again even where one of them does not start: the supervisor goes on with it. */
async function giveBack(context: StepFrame): Promise<StepResult> {
  const { core, deployment, signal } = context;
  const { fromSlot, fromVersion } = deployment;
  const release = fromReleaseOf(core, deployment);
  const to = fromSlot === null || !release ? undefined : { slot: fromSlot, release };
  const problem = await handOver(context, { to, kind: 'rescue', signal, deploymentId: deployment.id });
  if (problem) return done(`the roles of ${fromVersion} are tried again: ${problem.message}`);
  return done(to ? `the roles of ${fromVersion} run in ${to.slot} again` : 'no role runs: there was no release before');
}

const fromReleaseOf = (core: Core, { service, fromVersion }: StepFrame['deployment']): ReleaseFiles | undefined =>
  fromVersion === null ? undefined : releaseFiles(core, service, fromVersion);

const doneBy = ({ roles }: HandOverRoles, { version }: ReleaseFiles): string =>
  roles
    ? `${namesOf(roles)} of ${version} run${roles.length === 1 ? 's' : ''}`
    : `the live file says that ${version} is live`;
