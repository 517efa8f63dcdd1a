// The new side must answer well several times in a row before anything else is tried on it.

import { rememberHealthy } from '../../controller/side-health.ts';
import { awaitHealthy, outputOf } from '../await-healthy.ts';
import { done, failed, type Named, noActions, type Step } from '../step.ts';

export const checkHealth: Step<Named<'check-health'>> = {
  name: 'check-health',
  title: () => 'check health',
  moves: 'none',
  waitsFor: 'nothing',
  isStartingSide: true,
  actions: noActions,
  promote: 'nothing',
  limitMs: 'waits',
  run: async (context) => {
    const { core, target, deployment, release, signal } = context;
    const { version } = release;
    const waited = await awaitHealthy({ core, target, slot: deployment.slot, version, signal });
    switch (waited.kind) {
      case 'healthy':
        rememberHealthy({ core, target, slot: deployment.slot }, waited);
        return done(
          `healthy ${waited.inARow} times in a row${waited.proof === 'fields' ? '' : ` (only by ${waited.proof.replace('-', ' ')})`}`,
        );
      case 'ended': {
        const { lastExit, lastLog, endedBy } = waited.seen;
        return failed(
          endedBy === undefined ? 'side-crashed' : 'side-stopped',
          `${version} ended while it was starting${lastExit ? ` (${lastExit})` : ''}: ${outputOf(lastLog, 5)}`,
        );
      }
      case 'never':
        return failed(
          'never-healthy',
          `${version} did not become healthy within ${waited.limitMs / 1000} s: ${waited.problem}`,
        );
      default:
        return waited satisfies never;
    }
  },
  undo: 'nothing-to-undo',
};
