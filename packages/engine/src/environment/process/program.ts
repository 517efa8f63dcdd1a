// Can the command be executed at all? Checked before anything is stopped, so that a typing error does not cost a slot.

import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { BlueGreenError } from '../../lib/errors.ts';

/** @throws BlueGreenError `exec-not-found`: a release of files does not know by itself what it starts */
export function requireCommand([program, ...words]: readonly string[]): readonly [string, ...string[]] {
  if (program !== undefined) return [program, ...words];
  throw new BlueGreenError('exec-not-found', 'neither the configuration nor the release has a `command`');
}

/**
 * Searches a name with a slash in the release's folder, any other in `PATH`. @returns where it was found. @throws
 * BlueGreenError `exec-not-found`
 */
export function requireProgram(program: string, folder: string, path: string): string {
  const places = program.includes('/')
    ? [isAbsolute(program) ? program : join(folder, program)]
    : placesInPath(program, path);
  const found = places.find(isExecutable);
  if (found !== undefined) return found;
  const where = program.includes('/') ? `in ${folder}` : `in PATH (${path})`;
  throw new BlueGreenError(
    'exec-not-found',
    `the command's program "${program}" was not found ${where}, or may not be executed`,
  );
}

export const isInPath = (program: string, path: string): boolean => placesInPath(program, path).some(isExecutable);

function placesInPath(program: string, path: string): readonly string[] {
  return path
    .split(':')
    .filter(isAbsolute)
    .map((folder) => join(folder, program));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
