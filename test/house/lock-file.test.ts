// `npm ci` refuses a lock file that leaves out a package for some other platform, and a registry that does not carry
// such a package makes npm leave it out. Then nobody can install; so the lock file is read here as npm reads it.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

interface Entry {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly optional?: boolean;
  readonly integrity?: string;
  readonly os?: readonly string[];
}

const file = resolve(import.meta.dirname, '../../package-lock.json');
const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Readonly<Record<string, Entry>> };

/** `who needs what` for each optional package without an entry of its own. */
function leftOut(entries: Readonly<Record<string, Entry>>): readonly string[] {
  return Object.entries(entries).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !(`node_modules/${name}` in entries) && !(`${path}/node_modules/${name}` in entries))
      .map((name) => `${path || 'the root'} needs ${name}`),
  );
}

it('the lock file has an entry for every optional package, for every platform', () => {
  expect(Object.keys(packages).length).toBeGreaterThan(200);
  expect(leftOut(packages)).toEqual([]);
});

it('a lock file without one is noticed', () => {
  const { 'node_modules/@biomejs/cli-darwin-arm64': _, ...rest } = packages;
  expect(leftOut(rest)).toEqual(['node_modules/@biomejs/biome needs @biomejs/cli-darwin-arm64']);
});

it('every package that is not for another platform alone carries its checksum', () => {
  const without = Object.entries(packages).filter(
    ([path, { integrity, os }]) =>
      path.includes('node_modules/') && !path.includes('@bg/') && integrity === undefined && os === undefined,
  );
  expect(without.map(([path]) => path)).toEqual([]);
});
