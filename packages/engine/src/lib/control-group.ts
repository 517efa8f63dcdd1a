// Control groups of the kernel: what some processes together may use of the machine, and which of them are left. The
// kernel maintains the list of members, so a process that left its process group and hid its mark is found too.

import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from './clock.ts';

const root = '/sys/fs/cgroup';
const family = 'bluegreen';
const period = 100_000;
const endLimitMs = 5_000;
const pollMs = 25;

/** Undefined: no limit. */
export interface GroupLimits {
  readonly memoryBytes?: number | undefined;
  /** Processes and threads. */
  readonly pids?: number | undefined;
  /** Cores; 0.5 is half of one. */
  readonly cpus?: number | undefined;
}

export type Part = keyof GroupLimits;
const parts: readonly Part[] = ['memoryBytes', 'pids', 'cpus'];
const controllers = { memoryBytes: 'memory', pids: 'pids', cpus: 'cpu' } as const satisfies Record<Part, string>;

export interface ControlGroup {
  /** The program enters each of them before it runs. */
  readonly folders: readonly string[];
  /** What was requested and is not available here. */
  readonly missing: readonly Missing[];
}

interface Missing {
  readonly part: Part;
  readonly sentence: string;
}

/** Created again, so that no limit of an earlier start is left in it. Empty where this process may not make one. */
export function makeGroup(name: string, limits: GroupLimits): ControlGroup {
  removeGroup(name);
  const made = parts.map((part) => makePart(part, name, limits[part]));
  return {
    folders: [...new Set(made.flatMap(({ folder }) => folder ?? []))],
    missing: made.flatMap(({ missing }) => missing ?? []),
  };
}

function groupMembers(name: string): readonly number[] {
  const pids = foldersOf(name).flatMap((folder) => read(join(folder, 'cgroup.procs')).match(/\d+/g) ?? []);
  return [...new Set(pids.map(Number))].filter((pid) => pid > 0 && pid !== process.pid);
}

/** Kills what is in it until nothing is left, and removes it. @returns the processes that do not end */
export async function endGroup(name: string, clock: Clock): Promise<readonly number[]> {
  const until = clock.now() + endLimitMs;
  for (;;) {
    const left = groupMembers(name);
    if (left.length === 0) removeGroup(name);
    if (left.length === 0 || clock.now() >= until) return left;
    // Of version 2: all at once, so that nothing is started meanwhile.
    for (const folder of foldersOf(name)) attempt(() => write(join(folder, 'cgroup.kill'), '1'));
    for (const pid of left) attempt(() => process.kill(pid, 'SIGKILL'));
    await clock.sleep(pollMs);
  }
}

/** One with members stays, and goes with the next end. */
function removeGroup(name: string): void {
  for (const folder of foldersOf(name)) attempt(() => rmdirSync(folder));
}

/** Enters the groups and becomes the program: the process id stays. The text is fixed; only arguments vary. */
export function inGroup(
  argv: readonly [string, ...string[]],
  { folders }: Pick<ControlGroup, 'folders'>,
): readonly [string, ...string[]] {
  if (folders.length === 0) return argv;
  const enter = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ >"$1" || exit 125; shift; n=$((n-1)); done; exec "$@"';
  const files = folders.map((folder) => join(folder, 'cgroup.procs'));
  return ['/bin/sh', '-c', enter, 'sh', String(files.length), ...files, ...argv];
}

interface Made {
  readonly folder?: string;
  readonly missing?: Missing;
}

function makePart(part: Part, name: string, limit: number | undefined): Made {
  const folder = folderOf(part, name);
  try {
    mkdirSync(folder, { recursive: true });
    if (!statSync(join(folder, 'cgroup.procs'), { throwIfNoEntry: false })) throw new Error('it is no control group');
    if (limit !== undefined) setLimit(part, folder, limit);
    return { folder };
  } catch (thrown) {
    // Version 2 has one group for all, which holds the processes together even where it cannot limit them.
    if (isUnified() && statSync(join(folder, 'cgroup.procs'), { throwIfNoEntry: false }))
      return { folder, ...lacks(part, folder, thrown) };
    attempt(() => rmdirSync(folder));
    return limit === undefined ? {} : lacks(part, folder, thrown);
  }
}

function lacks(part: Part, folder: string, thrown: unknown): Made {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);
  const sentence = `no limit of ${controllers[part]}: the control group ${folder} cannot be made or set (${code})`;
  return { missing: { part, sentence } };
}

function setLimit(part: Part, folder: string, limit: number): void {
  if (isUnified()) allow(part);
  for (const [file, value] of limitFiles(part, limit)) write(join(folder, file), value);
}

/** Which limits a group could set, for a plan: creates nothing. */
export function missingHere(limits: GroupLimits): readonly Part[] {
  const available = read(join(root, 'cgroup.controllers')).split(/\s+/);
  return parts.filter((part) => {
    if (limits[part] === undefined) return false;
    if (isUnified()) return !available.includes(controllers[part]) || !isWritable(join(root, 'cgroup.procs'));
    return !isWritable(join(root, controllers[part], 'cgroup.procs'));
  });
}

function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Version 2 of control groups has one tree, in which each level says what those below it may limit. */
const isUnified = (): boolean => statSync(join(root, 'cgroup.controllers'), { throwIfNoEntry: false }) !== undefined;

const folderOf = (part: Part, name: string): string =>
  isUnified() ? join(root, family, name) : join(root, controllers[part], family, name);

function foldersOf(name: string): readonly string[] {
  return [...new Set(parts.map((part) => folderOf(part, name)))].filter((folder) =>
    statSync(folder, { throwIfNoEntry: false }),
  );
}

function allow(part: Part): void {
  for (const level of [root, join(root, family)]) {
    const file = join(level, 'cgroup.subtree_control');
    if (!read(file).split(/\s+/).includes(controllers[part])) write(file, `+${controllers[part]}`);
  }
}

/** Pure. The files of both versions of control groups. */
export function limitFiles(part: Part, limit: number, unified = isUnified()): readonly (readonly [string, string])[] {
  const share = String(Math.round(limit * period));
  const whole = String(Math.floor(limit));
  switch (part) {
    case 'memoryBytes':
      return [[unified ? 'memory.max' : 'memory.limit_in_bytes', whole]];
    case 'pids':
      return [['pids.max', whole]];
    case 'cpus':
      return unified
        ? [['cpu.max', `${share} ${period}`]]
        : [
            ['cpu.cfs_period_us', String(period)],
            ['cpu.cfs_quota_us', share],
          ];
    default:
      return part satisfies never;
  }
}

function write(file: string, value: string): void {
  // Never made: a folder without this file is no control group.
  writeFileSync(file, value, { flag: 'r+' });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // It has members, or is gone.
  }
}
