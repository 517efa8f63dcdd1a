// What is left of a file that has problems: every value that is still there was checked, every bad one is undefined in
// its place. So the checks across values run in the same pass, and nothing is guessed about what was wrong.

import type { Path } from './path.ts';

export type Draft<T> = T extends string | number | boolean | null | undefined
  ? T | undefined
  : T extends readonly (infer Item)[]
    ? readonly Draft<Item>[] | undefined
    : { readonly [Key in keyof T]?: Draft<T[Key]> } | undefined;

/** Changes `root`, which must be a separate tree, so that nothing at `paths` is left. */
export function salvage<T>(root: unknown, paths: readonly Path[]): Draft<T> {
  let result = root;
  for (const path of paths) {
    const parent = path.length === 0 ? undefined : valueAt(root, path.slice(0, -1));
    const last = path.at(-1);
    if (last === undefined) result = undefined;
    else if (isMapping(parent) || Array.isArray(parent)) (parent as Record<string | number, unknown>)[last] = undefined;
  }
  // The only cast: the schema has checked whatever was not removed just now.
  return result as Draft<T>;
}

export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Mappings are merged key by key, everything else is replaced. A key that was removed as bad stays removed. */
export function merge<A, B>(below: A, above: B): A & B {
  if (!isMapping(below) || !isMapping(above)) return (above === undefined ? below : above) as A & B;
  const result: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above))
    result[key] = isMapping(value) && isMapping(result[key]) ? merge(result[key], value) : value;
  return result as A & B;
}
