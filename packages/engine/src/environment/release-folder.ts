// The folder of a release on this machine.

import { statSync } from 'node:fs';
import { BlueGreenError } from '../lib/errors.ts';
import type { ReleaseFiles } from './environment.ts';

/** @throws BlueGreenError `release-missing`, naming the folder that should be there. */
export function requireRelease({ version, folder }: ReleaseFiles): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new BlueGreenError('release-missing', `${version} is not on this machine: there is no folder ${folder}`);
}
