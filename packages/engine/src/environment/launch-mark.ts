// The mark that one start in a slot has: what was started carries it, so that an engine recognises it later. It names the
// state folder: two engines on one machine never mix what they started.

import { createHash, randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';

export const launchVariable = 'BLUEGREEN_LAUNCH';

/** Twelve letters that identify one state folder. */
export function folderMark(stateFolder: string): string {
  return createHash('sha256').update(realpathSync(stateFolder)).digest('hex').slice(0, 12);
}

export function newLaunch(mark: string): string {
  return `${mark}.${randomUUID()}`;
}
