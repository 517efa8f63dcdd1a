// The drivers that a configuration may name. compose/drivers.ts decides which ones exist; no file here knows one.

import type { z } from 'zod';
import type { EnvironmentDriver } from '../environment/driver.ts';
import type { EvidenceDriver } from '../evidence/driver.ts';
import type { BalancerDriver } from '../load-balancer/driver.ts';

/** Of load balancers and of environments, the first is the default. */
export interface Drivers {
  readonly balancers: readonly [BalancerDriver, ...BalancerDriver[]];
  readonly environments: readonly [EnvironmentDriver, ...EnvironmentDriver[]];
  readonly databases: readonly [DatabaseKeys, ...DatabaseKeys[]];
  readonly evidence: readonly [EvidenceDriver, ...EvidenceDriver[]];
}

/** What the configuration knows of a kind of database; its driver has more. */
export interface DatabaseKeys {
  /** The value of `database.driver`: the kind of its dialect. */
  readonly name: string;
  /** For the documentation of the key `driver`. */
  readonly summary: string;
  /** For the documentation of the key `url`: `postgres://…`. */
  readonly address: string;
  /** Its own keys, in addition to those that every database has; each is optional. */
  readonly keys?: Readonly<Record<string, z.ZodOptional>>;
}

interface Named {
  readonly name: string;
}

export const namesOf = <Driver extends Named>([first, ...others]: readonly [Driver, ...Driver[]]): [
  string,
  ...string[],
] => [first.name, ...others.map(({ name }) => name)];

/** Undefined: no such driver, or a name that could not be read. */
export const driverNamed = <Driver extends Named>(
  drivers: readonly Driver[],
  name: string | undefined,
): Driver | undefined => drivers.find((each) => each.name === name);

/** For names that the schema has checked. */
export function requireDriver<Driver extends Named>(drivers: readonly Driver[], name: string): Driver {
  const found = driverNamed(drivers, name);
  if (found) return found;
  throw new TypeError(`the driver ${name} was not checked before it was used`);
}

/** `one: what it is; other: …`, for the documentation of a key. */
export const summariesOf = (drivers: readonly { readonly name: string; readonly summary: string }[]): string =>
  drivers.map(({ name, summary }) => `${name}: ${summary}`).join('; ');

/** What only this driver understands, under its name in a mapping that has other keys too. */
export function ownOf(mapping: object | undefined, name: string): unknown {
  return mapping === undefined ? undefined : (mapping as Readonly<Record<string, unknown>>)[name];
}
