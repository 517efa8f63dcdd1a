// What a file of tests or a workspace reaches when it runs: the modules that it imports, and the files and programs that
// its text names by path. Read from the text, without a compiler: nx asks on every run.

import { statSync } from 'node:fs';
import { join, normalize } from 'node:path';
import type { SourceFile } from './source-file.ts';

export interface Reached {
  /** Sources, as paths from the root. */
  readonly sources: ReadonlySet<string>;
  /** Other files, as paths from the root; folders end with `/`. */
  readonly files: ReadonlySet<string>;
}

export interface Reading {
  readonly root: string;
  readonly sources: readonly SourceFile[];
  /** What a package of this repository is imported as, and the source behind it. */
  readonly doors: ReadonlyMap<string, string>;
}

interface Edges {
  readonly values: readonly string[];
  readonly types: readonly string[];
  readonly named: readonly string[];
}

export interface Reader {
  /** All that is imported or named on the way, with the files themselves; imports of types only where they are asked for. */
  reachedFrom(from: readonly string[], types: boolean): Reached;
  /** The sources that one file imports or names when it runs. */
  directly(path: string): readonly string[];
}

/** Reads each source once. */
export function createReader(reading: Reading): Reader {
  const known = new Set(reading.sources.map(({ path }) => path));
  const edges = new Map(reading.sources.map((file) => [file.path, edgesOf(file, known, reading)]));
  const isSource = (target: string) => known.has(target);
  return {
    reachedFrom(from, types) {
      const sources = new Set(from);
      const files = new Set<string>();
      // A set grows while it is walked: what is added is visited as well.
      for (const path of sources) {
        const { values = [], types: ofTypes = [], named = [] } = edges.get(path) ?? {};
        add(sources, types ? [...values, ...ofTypes] : values);
        if (types) continue;
        add(sources, named.filter(isSource));
        add(
          files,
          named.filter((target) => !isSource(target)),
        );
      }
      return { sources, files };
    },
    directly(path) {
      const { values = [], named = [] } = edges.get(path) ?? {};
      return [...values, ...named.filter(isSource)];
    },
  };
}

function add(set: Set<string>, values: readonly string[]): void {
  for (const value of values) set.add(value);
}

function edgesOf(file: SourceFile, known: ReadonlySet<string>, { root, doors }: Reading): Edges {
  const imports = file.imports.map(({ target, isType }) => ({ target: doors.get(target) ?? target, isType }));
  const inside = imports.filter(({ target }) => known.has(target));
  return {
    values: inside.filter(({ isType }) => !isType).map(({ target }) => target),
    types: inside.filter(({ isType }) => isType).map(({ target }) => target),
    named: namedPaths(file, root),
  };
}

/**
 * Paths in quotes that exist: relative to the file, or from the root. Up to a `${…}` a template counts as the folder
 * that it names. A bare word is no path, and neither are dots alone: they are a part that a program compares with, or the
 * way to the root.
 */
function namedPaths({ path, code }: SourceFile, root: string): readonly string[] {
  const found = new Set<string>();
  const withoutImports = code.replaceAll(/\bfrom\s+['"][^'"]+['"]/g, '');
  for (const [, text = ''] of withoutImports.matchAll(/['"`]([\w.@-]*(?:\/[^'"`\s]*|\.\w+))['"`]/g)) {
    if (!/\w/.test(text)) continue;
    const whole = text.replace(/\$\{.*$/s, '').replace(/[*{].*$/s, '');
    const target = whole.startsWith('.') ? normalize(join(path, '..', whole)) : normalize(whole);
    const kind =
      target === '.' || target.startsWith('..') || target.startsWith('/') ? undefined : kindOf(join(root, target));
    if (kind === 'file') found.add(target);
    if (kind === 'folder' && target.includes('/')) found.add(target.endsWith('/') ? target : `${target}/`);
    if (kind === 'folder' && !target.includes('/') && whole.startsWith('..')) found.add(`${target}/`);
  }
  return [...found];
}

function kindOf(path: string): 'file' | 'folder' | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile()) return 'file';
  return stats?.isDirectory() ? 'folder' : undefined;
}
