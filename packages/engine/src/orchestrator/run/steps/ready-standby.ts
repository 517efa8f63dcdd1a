// A way back must end on a side that serves: a standby that does not answer well is asked again, then started again.

import { rememberHealthy } from '../../controller/side-health.ts';
import { slotMutex } from '../../core.ts';
import { startRelease } from '../../plan/release-settings.ts';
import { holdsBack, standingOf } from '../../routing/standing.ts';
import { awaitHealthy, outputOf } from '../await-healthy.ts';
import { done, failed, type Named, noActions, type Step, type StepFrame, type StepResult } from '../step.ts';
import { problemOfIdleSide, stopIdleSide } from './idle-side.ts';

export const readyStandby: Step<Named<'ready-standby'>> = {
  name: 'ready-standby',
  title: (_, version) => `make sure that ${version} is healthy`,
  moves: 'none',
  waitsFor: 'nothing',
  isStartingSide: false,
  actions: noActions,
  promote: 'nothing',
  limitMs: 'waits',
  run: async (context) => {
    const { deployment, release } = context;
    const problem = await problemOfIdleSide(context);
    if (problem === undefined) return done(`${release.version} in ${deployment.slot} is healthy`);
    return startAgain(context, problem);
  },
  undo: 'nothing-to-undo',
};

async function startAgain(context: StepFrame, problem: string): Promise<StepResult> {
  const { core, target, deployment, release, lease, signal } = context;
  const { slot } = deployment;
  const { version } = release;
  const held = await core.mutex(slotMutex(target, slot), async () => {
    const why = holdsBack(await standingOf({ core, target, token: lease.token }), slot);
    if (why !== undefined) return why;
    await stopIdleSide(context);
    await startRelease(target, slot, release);
    return undefined;
  });
  if (held !== undefined) return failed('drifted', `${version} in ${slot} cannot be started again: ${held}`);
  const waited = await awaitHealthy({ core, target, slot, version, signal });
  switch (waited.kind) {
    case 'healthy':
      rememberHealthy({ core, target, slot }, waited);
      return done(`${version} in ${slot} was started again, since it was not healthy: ${problem}`);
    case 'ended':
      return failed(
        'side-crashed',
        `${version} in ${slot} was not healthy (${problem}) and ended when it was started again: ${outputOf(waited.seen.lastLog, 5)}`,
      );
    case 'never':
      return failed(
        'never-healthy',
        `${version} in ${slot} was not healthy (${problem}), nor within ${waited.limitMs / 1000} s after it was started again: ${waited.problem}`,
      );
    default:
      return waited satisfies never;
  }
}
