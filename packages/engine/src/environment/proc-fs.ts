// What the Linux kernel reports about processes in /proc. A process that vanishes while it is read is not an error.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** One line of /proc/<pid>/stat, as far as it matters here. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Ended with all its threads, but not yet waited for by its parent. Only then its files and sockets are closed. */
  readonly zombie: boolean;
  /** Field 22: clock ticks between the machine's start and the process's. With the pid and the boot, it names a process. */
  readonly startTicks: number;
  /** Time on a processor of the process and of its children that were waited for. */
  readonly cpuTicks: number;
}

/** A process that no other can be mistaken for: pids are reused, also after a restart of the machine. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: number;
  readonly bootId: string;
}

/** `USER_HZ`, which Linux shows to programs as 100 on every architecture that Node runs on. */
export const ticksPerSecond = 100;

export function currentBootId(): string {
  return (readProc('sys/kernel/random/boot_id') ?? '').trim();
}

/** Epoch milliseconds at which a process with this start time was started. */
export function startedAtMs(startTicks: number): number {
  const bootSeconds = Number(/^btime (\d+)$/m.exec(readProc('stat') ?? '')?.[1] ?? 0);
  return bootSeconds * 1000 + Math.round((startTicks * 1000) / ticksPerSecond);
}

/** Every process of the machine that can be read. */
export function allProcesses(): readonly ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processStat(Number(name)))
    .filter((stat) => stat !== undefined);
}

export function processStat(pid: number): ProcessStat | undefined {
  const line = readProc(`${pid}/stat`);
  return line === undefined ? undefined : parseStat(line);
}

/** The program's name is in brackets and may contain spaces and brackets: fields are counted from the last bracket. */
function parseStat(line: string): ProcessStat | undefined {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  const state = fields[0];
  if (state === undefined || fields.length < 20) return undefined;
  return {
    pid: Number.parseInt(line, 10),
    parent: field(4),
    group: field(5),
    // Field 20 counts the threads: the end of the first thread does not mean that the others have ended.
    zombie: (state === 'Z' || state === 'X') && field(20) <= 1,
    startTicks: field(22),
    cpuTicks: field(14) + field(15) + field(16) + field(17),
  };
}

/** The identity of a process that lives now; undefined for one that has ended. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = processStat(pid);
  if (!stat || stat.zombie) return undefined;
  return { pid, startTicks: stat.startTicks, bootId: currentBootId() };
}

export function isAlive({ pid, startTicks, bootId }: ProcessIdentity): boolean {
  const now = identify(pid);
  return now !== undefined && now.startTicks === startTicks && now.bootId === bootId;
}

/** The environment a process was started with; undefined when it belongs to another user or is gone. */
export function environmentOf(pid: number): ReadonlyMap<string, string> | undefined {
  const content = readProc(`${pid}/environ`);
  if (content === undefined) return undefined;
  return new Map(
    content.split('\0').flatMap((entry) => {
      const end = entry.indexOf('=');
      return end < 1 ? [] : [[entry.slice(0, end), entry.slice(end + 1)] as const];
    }),
  );
}

/** Resident memory; 0 for a process that is gone. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readProc(`${pid}/status`) ?? '')?.[1] ?? 0) * 1024;
}

/** How many files a process has open; undefined where it is gone, or where this account may not look. */
export function openFileCount(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

export function threadCount(pid: number): number | undefined {
  const found = /^Threads:\s+(\d+)$/m.exec(readProc(`${pid}/status`) ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

/** The name of the program file, for a sentence to an operator. Never the arguments: they may hold secrets. */
export function programName(pid: number): string {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '');
  } catch {
    return (readProc(`${pid}/comm`) ?? 'unknown program').trim();
  }
}

/** Pids that hold one of these sockets (inode numbers) open, as far as this user may look. */
export function holdersOf(inodes: ReadonlySet<string>): readonly number[] {
  if (inodes.size === 0) return [];
  const links = new Set([...inodes].map((inode) => `socket:[${inode}]`));
  return allProcesses()
    .filter(({ pid }) => openFiles(pid).some((file) => links.has(file)))
    .map(({ pid }) => pid);
}

function openFiles(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((name) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${name}`);
      } catch {
        return '';
      }
    });
  } catch {
    return [];
  }
}

/** A file below /proc; undefined when it is gone or this process may not read it. */
export function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return undefined;
  }
}
