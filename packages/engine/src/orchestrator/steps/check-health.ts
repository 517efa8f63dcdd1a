// The new side must answer well several times in a row before anything else is tried on it.

import { probeHealth } from '../../environment/health.ts';
import { pause } from '../../lib/clock.ts';
import { healthOf, placeOf, slotUrl } from '../core.ts';
import { rememberHealthy } from '../slot-health.ts';
import { done, failed, type Step } from '../step.ts';

const maxPollMs = 1_000;

export const checkHealth: Step<'check-health'> = {
  name: 'check-health',
  limitMs: 'waits',
  run: async (context) => {
    const { core, target, deployment, release, signal } = context;
    const health = healthOf(target, deployment.slot);
    const until = core.clock.now() + health.startupMs;
    let inARow = 0;
    let problem = 'it never answered';
    while (core.clock.now() < until && !signal.aborted) {
      const seen = await target.environment.inspect(placeOf(target, deployment.slot));
      if (seen.kind === 'stopped')
        return failed(
          'side-crashed',
          `${release.version} ended while it was starting${seen.lastExit ? ` (${seen.lastExit})` : ''}: ${seen.lastLog.slice(-5).join(' / ')}`,
        );
      const report = await probeHealth({
        url: slotUrl(target, deployment.slot),
        expected: { slot: deployment.slot, version: release.version },
        settings: health,
        signal,
      });
      inARow = report.healthy ? inARow + 1 : 0;
      if (!report.healthy) problem = report.problem ?? 'no reason given';
      if (inARow >= health.successes) {
        rememberHealthy(context, { seen, inARow, proof: report.proof });
        return done(
          `healthy ${inARow} times in a row${report.proof === 'status-code' ? ' (by status code alone)' : ''}`,
        );
      }
      await pause(core.clock, Math.min(health.intervalMs, maxPollMs), signal);
    }
    return failed(
      'never-healthy',
      `${release.version} did not become healthy within ${health.startupMs / 1000} s: ${problem}`,
    );
  },
  undo: 'nothing-to-undo',
};
