// The sources of evidence of a target, created from the list of drivers.

import { type Drivers, requireDriver } from '../config/drivers.ts';
import type { TargetSettings } from '../config/settings.ts';
import type { Clock } from '../lib/clock.ts';
import type { TargetCheck } from '../orchestrator/core.ts';

export function createTargetChecks(
  { judge }: Pick<TargetSettings, 'judge'>,
  clock: Clock,
  drivers: Drivers['evidence'],
): readonly TargetCheck[] | undefined {
  return judge.checks?.map((check) => {
    const { settings, authorization, timeoutMs } = check;
    const driver = requireDriver(drivers, check.source);
    return {
      settings: check,
      described: driver.describe(settings),
      source: driver.create({ settings, authorization, timeoutMs, clock }),
    };
  });
}
