import { afterEach, beforeEach, expect, it } from 'vitest';
import { addDeployment, beginStep, readStep } from '../../state/deployments.ts';
import { setState, shop, type TestState } from '../../state/testing/state.ts';
import { noteSeen } from './seen-in-step.ts';

let state: TestState;
beforeEach(() => {
  state = setState({ redact: (text) => text.replaceAll('hunter2', '[secret]') });
});
afterEach(() => state.remove());

it('what a side wrote is stored without the secrets of the engine', () => {
  const key = { deploymentId: 'd_1', position: 0, direction: 'forward' } as const;
  state.store.write((tx) => {
    addDeployment(tx, {
      id: 'd_1',
      ...shop,
      version: 'v1',
      mode: 'deploy',
      slot: 'blue',
      hold: false,
      requestedBy: 'person:alice',
      requestedAt: 1,
      position: 0,
      direction: 'forward',
      phase: 'watch',
      stateVersion: 1,
    });
    beginStep(tx, key, 'watch');
    const long = `${'x'.repeat(496)}hunter2`;
    noteSeen(tx, key, { ms: 5, log: ['GET /?token=hunter2', 'it broke', long] });
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'arranged' });
  });
  expect(readStep(state.db, key)?.note).toEqual({
    ms: 5,
    log: ['GET /?token=[secret]', 'it broke', `${'x'.repeat(496)}[sec`],
  });
});
