// The sources of evidence of a target, created from the list of drivers.

import { type Drivers, requireDriver } from '../config/drivers.ts';
import type { TargetSettings } from '../config/settings.ts';
import type { Environment } from '../environment/environment.ts';
import type { Clock } from '../lib/clock.ts';
import type { TargetCheck } from '../orchestrator/core.ts';
import type { Db } from '../state/database.ts';
import { usageOf } from './usage.ts';

interface CheckParts {
  readonly db: Db;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly drivers: Drivers['evidence'];
}

export function createTargetChecks(
  settings: TargetSettings,
  { db, environment, clock, drivers }: CheckParts,
): readonly TargetCheck[] | undefined {
  const usage = usageOf({ db, environment, settings });
  return settings.judge.checks?.map((check) => {
    const { settings: own, authorization, secrets = {}, timeoutMs } = check;
    const driver = requireDriver(drivers, check.source);
    return {
      settings: check,
      described: driver.describe(own),
      source: driver.create({ settings: own, authorization, secrets, timeoutMs, clock, usage }),
    };
  });
}
