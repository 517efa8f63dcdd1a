// What two starts have in common. Pure: works with names only, never with values.

import type { Effective } from './environment.ts';

/** Names of variables that only one has, or that differ. Undefined where the two cannot be compared. */
export function differences(one: Effective, other: Effective): readonly string[] | undefined {
  if (one.key !== other.key) return undefined;
  const names = new Set([...Object.keys(one.variables), ...Object.keys(other.variables)]);
  return [...names].filter((name) => one.variables[name]?.mark !== other.variables[name]?.mark).toSorted();
}

/** The same between two slots, except what comes from an env file that only one of them has. */
export function unexplained(one: Effective, other: Effective): readonly string[] | undefined {
  const own = new Set([
    ...one.envFiles.filter((file) => !other.envFiles.includes(file)),
    ...other.envFiles.filter((file) => !one.envFiles.includes(file)),
  ]);
  const isOwn = (name: string) =>
    [one, other].some(({ variables }) => variables[name]?.from.some((file) => own.has(file)));
  return differences(one, other)?.filter((name) => !isOwn(name));
}
