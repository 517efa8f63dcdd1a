// What a rule is, and the words that the tables of rules are written in.

import type { Import, SourceFile } from '../../../tools/nx/source-file.ts';

export interface Rule {
  readonly name: string;
  readonly says: string;
  /** The files that it governs. */
  readonly governs: (path: string) => boolean;
  /** What breaks it, in the words of the file; nothing when the file follows it. */
  readonly broken: (file: SourceFile) => readonly string[];
  readonly except: readonly { readonly path: string; readonly because: string }[];
  readonly planted: { readonly path: string; readonly text: string };
}

export const engine = 'packages/engine/src';
export const inEngine = (path: string): boolean => path.startsWith(`${engine}/`);
export const inApps = (path: string): boolean => path.startsWith('apps/');
/** Tests, and what only tests use. */
export const isTest = (path: string): boolean =>
  /\.(test|contract|hostile)\.ts$|^test\/|\/testing\/|\/contract\/|\/(testing|contract|test)-[^/]*\.ts$|-fixture\.ts$|\/testing\.ts$|vitest\.config\.ts$/.test(
    path,
  );
export const isMain = (path: string): boolean => /(^|\/|-)main\.ts$/.test(path);
/** What runs in production. */
export const inProduct = (path: string): boolean => (inEngine(path) || inApps(path)) && !isTest(path);
/**
 * Counting is no driver: the proxy and the drivers' collectors count by it alike. Neither are the migrator's files,
 * phases, rules and evidence, which are the same for every database.
 */
export const driverOf = (path: string): string | undefined =>
  new RegExp(
    `^${engine}/((?:environment|load-balancer|migrator)/(?!(?:counting|instances|files|phases|lint|evidence)/)[^/]+)/`,
  ).exec(path)?.[1];

export const importing =
  (isForbidden: (target: string, file: SourceFile, line: Import) => boolean) => (file: SourceFile) =>
    file.imports.filter((line) => isForbidden(line.target, file, line)).map(({ target }) => `imports ${target}`);

export const containing = (pattern: RegExp) => (file: SourceFile) =>
  [...file.code.matchAll(pattern)].map(([found]) => `has ${found.trim()}`);

/** A package, and everything inside it. */
export const isPackage = (target: string, name: string): boolean => target === name || target.startsWith(`${name}/`);
