// Where the releases of a target run: folded over the drivers that there are.

import { z } from 'zod';
import { type Drivers, driverNamed, namesOf, ownOf, requireDriver, summariesOf } from '../drivers.ts';
import { choice } from '../kit/values.ts';

export function environmentSchema(drivers: Drivers['environments']) {
  const driver = choice(namesOf(drivers))
    .describe(`Which environment. ${summariesOf(drivers)}. Default: ${drivers[0].name}.`)
    .optional();
  const own = drivers.flatMap(({ name, keys }) => (keys ? [[name, keys.optional()] as const] : []));
  // Only the driver knows the type of what is under its name.
  const unknownHere: Record<never, never> = Object.fromEntries(own);
  return z.strictObject({ driver, ...unknownHere }).describe('Where the releases of the target run.');
}

/** Undefined: its name could not be read. */
export function driverOf(
  { environment }: { readonly environment?: object | undefined },
  drivers: Drivers['environments'],
): Drivers['environments'][number] | undefined {
  const name: unknown = environment && 'driver' in environment ? environment.driver : drivers[0].name;
  return typeof name === 'string' ? driverNamed(drivers, name) : undefined;
}

type EnvironmentFile = z.infer<ReturnType<typeof environmentSchema>>;

/** What the settings of a target hold of it: the driver's own settings are under `environment`, where it has any. */
export interface EnvironmentChoice {
  readonly driver: string;
  readonly environment?: unknown;
}

export function resolveEnvironment(
  file: EnvironmentFile | undefined,
  drivers: Drivers['environments'],
  inFolder: (path: string) => string,
): EnvironmentChoice {
  const driver = requireDriver(drivers, file?.driver ?? drivers[0].name);
  const own = driver.resolve?.(ownOf(file, driver.name), inFolder);
  return { driver: driver.name, ...(own === undefined ? {} : { environment: own }) };
}
