// Which processes belong to a proxy, and how much memory they hold, from /proc.

import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly residentKb: number;
}

/** Processes whose command line names the folder, and all their children; not ourselves. */
export function processesNaming(folder: string): readonly ProcessRow[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => rowOf(Number(name), folder))
    .filter((row) => row !== undefined);
  const ours = new Set(all.filter(({ isNamed }) => isNamed).map(({ pid }) => pid));
  for (let before = -1; before !== ours.size; ) {
    before = ours.size;
    for (const { pid, parent } of all) if (ours.has(parent)) ours.add(pid);
  }
  return all.filter(({ pid }) => ours.has(pid));
}

/** Milliseconds of processor time that they have used so far. */
export function usedMs(rows: readonly ProcessRow[]): number {
  return rows.reduce((sum, { pid }) => sum + ticksOf(pid) * msPerTick, 0);
}

/** What Linux shows to programs, whatever it counts by itself. */
const msPerTick = 10;

function ticksOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0;
  }
}

export const residentMb = (rows: readonly ProcessRow[]): number =>
  rows.reduce((sum, { residentKb }) => sum + residentKb, 0) / 1_024;

/** Undefined for one that has ended, zombies included. */
function rowOf(pid: number, folder: string): (ProcessRow & { readonly isNamed: boolean }) | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    if (/^State:\s+[ZX]/m.test(status)) return undefined;
    return {
      pid,
      parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0),
      residentKb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0),
      isNamed: readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder),
    };
  } catch {
    return undefined;
  }
}
