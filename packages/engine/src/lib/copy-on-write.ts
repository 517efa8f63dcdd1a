// A file system that copies on write (btrfs) writes each changed block to a new place. When it is full, a program that
// changes a mapped page of a file is ended with SIGBUS, although the file has all its blocks.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';

const btrfs = 0x9123683e;
const limitMs = 10_000;

export function copiesOnWrite(folder: string): boolean {
  try {
    return statfsSync(folder).type === btrfs;
  } catch {
    return false;
  }
}

/** Makes an empty file whose blocks are written where they are. Does nothing where the file exists. Never throws. */
export function makeWrittenInPlace(file: string): void {
  if (!copiesOnWrite(dirname(file))) return;
  try {
    closeSync(openSync(file, 'wx', 0o600));
    spawnSync('chattr', ['+C', file], { stdio: 'ignore', timeout: limitMs });
  } catch {
    // It exists, or what opens it next reports why it cannot be made.
  }
}
