// One demonstration per folder. Who runs it, and the processes it would leave behind if it were killed, stand in a file.

import { linkSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

const fileIn = (folder: string): string => join(folder, 'running.json');

export function claim(folder: string): Claim {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  requireOwn(folder);
  const before = read(folder);
  if (before !== undefined && isAlive(before.owner)) return { kind: 'taken', pid: before.owner.pid, page: before.page };
  if (before !== undefined) rmSync(fileIn(folder), { force: true });
  if (!writeFirst(folder, { owner: self(), page: 'about to start', children: [] })) return claim(folder);
  return { kind: 'ours', left: before?.children };
}

/** In the system's temporary folder another account may have made it first, to write the configuration that is run. */
function requireOwn(folder: string): void {
  const found = lstatSync(folder);
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0) return;
  throw new Error(
    `${folder} was not made by this account for itself alone: remove it, or name another one with --folder`,
  );
}

/** Called anew whenever a child is started. */
export function note(folder: string, page: string, pids: readonly (number | undefined)[]): void {
  const children = pids.flatMap((pid) => (pid === undefined ? [] : (identify(pid) ?? [])));
  writeFileSync(fileIn(folder), JSON.stringify({ owner: self(), page, children } satisfies Running), { mode: 0o600 });
}

export function giveUpClaim(folder: string): void {
  rmSync(fileIn(folder), { force: true });
}

function self(): ProcessId {
  return identify(process.pid) ?? { pid: process.pid, born: '' };
}

/** A link is made by one of two who try at the same moment. */
function writeFirst(folder: string, running: Running): boolean {
  const beside = join(folder, `running.${process.pid}.tmp`);
  writeFileSync(beside, JSON.stringify(running), { mode: 0o600 });
  try {
    linkSync(beside, fileIn(folder));
    return true;
  } catch {
    return false;
  } finally {
    rmSync(beside, { force: true });
  }
}

function read(folder: string): Running | undefined {
  try {
    const value = JSON.parse(readFileSync(fileIn(folder), 'utf8')) as Running;
    return typeof value.owner?.pid === 'number' && Array.isArray(value.children) ? value : unreadable;
  } catch (thrown) {
    return thrown instanceof SyntaxError ? unreadable : undefined;
  }
}

/** Half written by one that was killed: nobody's. */
const unreadable: Running = { owner: { pid: 0, born: 'never' }, page: '', children: [] };
