// For `config check`: what is changed against what runs, without opening the state. A page of the composition root.

import type { Settings } from '../config/settings.ts';
import { type PendingChange, pendingChanges } from '../orchestrator/controller/running.ts';
import { drivers } from './drivers.ts';

/** Empty before anything was started. @throws what the disk says, where the state folder may not be read */
export function configurationAgainstRunning(settings: Settings): readonly PendingChange[] {
  return drivers.environments.flatMap((driver) => {
    const running = driver.running(settings.stateFolder);
    return pendingChanges(settings, { running, addresses: driver.addressesOf(running) });
  });
}
