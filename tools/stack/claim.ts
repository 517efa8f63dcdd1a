// One demonstration per folder. A file names the process that runs it, and the processes that a kill would leave behind.

import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, withFileLock } from '@bg/engine';
import { identify, isAlive, type ProcessId } from './processes.ts';

interface Running {
  readonly owner: ProcessId;
  /** The page's address. */
  readonly page: string;
  readonly children: readonly ProcessId[];
}

export type Claim =
  | { readonly kind: 'taken'; readonly pid: number; readonly page: string }
  | { readonly kind: 'ours' /** Of one that was killed. */; readonly left: readonly ProcessId[] | undefined };

/** Longer than looking and writing take. */
const claimMs = 10_000;

const fileIn = (folder: string): string => join(folder, 'running.json');

/** Looking and writing are one step: of several that start at the same moment, one gets it. */
export async function claim(folder: string): Promise<Claim> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  requireOwn(folder);
  return withFileLock({ path: join(folder, 'claim.lock'), clock: systemClock, holdMs: claimMs }, async () => {
    const before = read(folder);
    if (before !== undefined && isAlive(before.owner))
      return { kind: 'taken', pid: before.owner.pid, page: before.page };
    write(folder, { owner: self(), page: 'about to start', children: [] });
    return { kind: 'ours', left: before?.children };
  });
}

/** In the system's temporary folder another account may have made it first, to write the configuration that is run. */
function requireOwn(folder: string): void {
  const found = lstatSync(folder);
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0) return;
  throw new Error(
    `${folder} was not made by this account only for itself: remove it, or name another one with --folder`,
  );
}

/** Called again whenever a child is started. */
export function note(folder: string, page: string, pids: readonly (number | undefined)[]): void {
  const children = pids.flatMap((pid) => (pid === undefined ? [] : (identify(pid) ?? [])));
  write(folder, { owner: self(), page, children });
}

export function giveUpClaim(folder: string): void {
  rmSync(fileIn(folder), { force: true });
}

function self(): ProcessId {
  return identify(process.pid) ?? { pid: process.pid, born: '' };
}

/** Whole or not at all: a reader takes half a file for one of a demonstration that was killed. */
function write(folder: string, running: Running): void {
  const beside = join(folder, `running.${process.pid}.tmp`);
  writeFileSync(beside, JSON.stringify(running), { mode: 0o600 });
  renameSync(beside, fileIn(folder));
}

function read(folder: string): Running | undefined {
  try {
    const value = JSON.parse(readFileSync(fileIn(folder), 'utf8')) as Running;
    return typeof value.owner?.pid === 'number' && Array.isArray(value.children) ? value : unreadable;
  } catch (thrown) {
    return thrown instanceof SyntaxError ? unreadable : undefined;
  }
}

/** Half written by a process that was killed: it has no owner. */
const unreadable: Running = { owner: { pid: 0, born: 'never' }, page: '', children: [] };
