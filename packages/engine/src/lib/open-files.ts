// Which processes hold a file open: nothing may be moved from under a program that goes on writing to it.

import { readdirSync, readlinkSync } from 'node:fs';

/** Pids, other than this one unless `all` are asked for, as far as this user may read; none where there is no /proc. */
export function processesWith(path: string, who: 'others' | 'all' = 'others'): readonly number[] {
  return entriesOf('/proc')
    .filter((name) => /^\d+$/.test(name) && (who === 'all' || Number(name) !== process.pid))
    .filter((name) => entriesOf(`/proc/${name}/fd`).some((fd) => targetOf(`/proc/${name}/fd/${fd}`) === path))
    .map(Number);
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // ended meanwhile, or of another account
  }
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}
