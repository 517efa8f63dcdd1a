// Files and programs of our own that are read or started at run time. In the sources each is beside the module that uses
// it; in a bundle, programs and modules are in the bundle's folder, and files in `files` below it.

import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const isBundled = (module: string): boolean => !module.endsWith('.ts');

/** A file or folder. `beside`: URL of the module that uses it. The last part of `path` must be unique. */
export function ownFile(beside: string, path: string): string {
  const folder = dirname(fileURLToPath(beside));
  return isBundled(beside) ? join(folder, 'files', basename(path)) : join(folder, path);
}

/** A program that runs as a process or thread of its own. `name`: of its file in a bundle. */
export function ownProgram(beside: string, path: string, name: ProgramName): string {
  const folder = dirname(fileURLToPath(beside));
  return isBundled(beside) ? join(folder, `${name}.mjs`) : join(folder, path);
}

/** The URL of a module that another thread imports. */
export function ownModule(beside: string, name: ProgramName): string {
  return isBundled(beside) ? pathToFileURL(join(dirname(fileURLToPath(beside)), `${name}.mjs`)).href : beside;
}

/** A bundle has a file for each of them; what it is made from is in tools/packaging. */
export type ProgramName =
  | 'collector'
  | 'dialect-mariadb'
  | 'dialect-postgres'
  | 'dialect-sqlite'
  | 'lint-worker'
  | 'nginx-health'
  | 'proxy'
  | 'sqlite-connection';
