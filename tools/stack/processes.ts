// Processes that others started: identified by their start time, so that a reused pid is never killed.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface ProcessId {
  readonly pid: number;
  /** When it was born, in the system's own words. */
  readonly born: string;
}

/** Undefined when there is no such process. */
export function identify(pid: number): ProcessId | undefined {
  const born = process.platform === 'linux' ? bornByProc(pid) : bornByPs(pid);
  return born === undefined ? undefined : { pid, born };
}

export function isAlive({ pid, born }: ProcessId): boolean {
  return identify(pid)?.born === born;
}

/** Asks it to end, then makes it. True when it is gone. */
export async function endProcess(id: ProcessId, graceMs: number): Promise<boolean> {
  for (const [signal, waitMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', 2_000],
  ] as const) {
    if (!isAlive(id)) return true;
    process.kill(id.pid, signal);
    for (const end = Date.now() + waitMs; Date.now() < end && isAlive(id); ) await delay(50);
  }
  return !isAlive(id);
}

/** The 22nd field of stat; the second may hold blanks and parentheses. A zombie is gone. */
function bornByProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function bornByPs(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
