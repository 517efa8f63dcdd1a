// The release's own smoke tests, against the preview slot's port, before any user can reach it.

import { runSettingsOf } from '../../plan/release-settings.ts';
import { smokeSlot } from '../../side-checks.ts';
import { done, failed, type Named, noActions, type Step } from '../step.ts';

export const smokeTest: Step<Named<'smoke-test'>> = {
  name: 'smoke-test',
  title: () => 'run smoke tests',
  moves: 'none',
  waitsFor: 'nothing',
  isStartingSide: false,
  actions: noActions,
  promote: 'nothing',
  limitMs: 'waits',
  run: async ({ core, target, deployment, release, signal }) => {
    const { smokeTests: tests } = runSettingsOf(target, release);
    const report = await smokeSlot(core, target, { slot: deployment.slot, needed: 'all', tests, signal });
    if (report.passed) return done(`${report.results.length} of ${report.results.length} smoke tests passed`);
    const first = report.results.find(({ passed }) => !passed);
    return failed('smoke-test-failed', `smoke test "${first?.name}": ${first?.problem}`);
  },
  undo: 'nothing-to-undo',
};
