// What the environment of a target cannot do of what the file says.

import { type Drivers, driverNamed, ownOf } from '../drivers.ts';
import type { Finding } from '../kit/problems.ts';
import type { TargetDraft } from '../target-draft.ts';

export function checkEnvironment({ own, path }: TargetDraft, drivers: Drivers['environments']): readonly Finding[] {
  const { environment } = own;
  const name = environment && 'driver' in environment ? environment.driver : drivers[0].name;
  const driver = driverNamed(drivers, name);
  return (
    driver?.check?.(ownOf(environment, driver.name) as Parameters<NonNullable<typeof driver.check>>[0], [
      ...path,
      'environment',
    ]) ?? []
  );
}
