// Names a process of this machine so that its death can be proved: a pid is reused, also after a reboot.

import { readFileSync, readlinkSync } from 'node:fs';

export interface ProcessMark {
  readonly pid: number;
  /** Clock ticks between the start of the machine and that of the process. */
  readonly startTicks: number;
  readonly bootId: string;
  /** Containers count their processes separately: the pids of another namespace say nothing here. */
  readonly pidNamespace: string;
}

let own: ProcessMark | undefined;

export function ownMark(): ProcessMark {
  own ??= {
    pid: process.pid,
    startTicks: startTicksOf(process.pid) ?? 0,
    bootId: readBootId(),
    pidNamespace: readPidNamespace(),
  };
  return own;
}

export const isOfThisBoot = ({ bootId }: ProcessMark): boolean => bootId === ownMark().bootId;

/** True only when it is proved: the same boot, the same namespace of pids, and no such process. */
export function isGone(mark: ProcessMark): boolean {
  const { bootId, pidNamespace } = ownMark();
  if (mark.bootId !== bootId || mark.pidNamespace !== pidNamespace) return false;
  return startTicksOf(mark.pid) !== mark.startTicks;
}

/** Undefined for a process that has ended, a zombie included. */
export function startTicksOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function readPidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
