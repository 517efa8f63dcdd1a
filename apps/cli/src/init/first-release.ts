// The files of the first version, copied beside the configuration. What the configuration itself makes is left out.

import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const leftOut = ['.git', '.bluegreen', 'releases', 'bluegreen.yaml'];

/** `to` is there whole or not at all. @throws the system's error */
export function copyFirstRelease(from: string, to: string): void {
  const unfinished = join(dirname(to), `.${basename(to)}.copying`);
  mkdirSync(dirname(to), { recursive: true });
  rmSync(unfinished, { recursive: true, force: true });
  // A folder cannot be copied into itself, so what is in it is copied entry by entry.
  mkdirSync(unfinished);
  try {
    for (const entry of readEntries(from))
      cpSync(join(from, entry), join(unfinished, entry), { recursive: true, verbatimSymlinks: true });
    renameSync(unfinished, to);
  } finally {
    if (existsSync(unfinished)) rmSync(unfinished, { recursive: true, force: true });
  }
}

function readEntries(folder: string): readonly string[] {
  return readdirSync(folder).filter((entry) => !leftOut.includes(entry));
}
