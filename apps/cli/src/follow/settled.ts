// The controller runs an approved contract; if no controller runs, this process runs it.

import type { ContractView } from '@bg/engine';
import type { Session } from '../session.ts';
import { createForegroundDriver } from './driver.ts';

/** The contract once it has ended, or once this process is to stop; undefined while more approvals are needed. */
export async function settled({ engine, stop }: Session, id: string): Promise<ContractView | undefined> {
  const driver = createForegroundDriver(engine);
  try {
    while (!stop.aborted) {
      const view = engine.migrations.contractNamed(id);
      if (!view || view.endedAt !== undefined || view.status === 'pending') return view;
      if (!engine.controllerAlive() && !driver.running()) driver.start();
      await engine.changed(1_000, stop);
    }
    return engine.migrations.contractNamed(id);
  } finally {
    await driver.stop();
  }
}
