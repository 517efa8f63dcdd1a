// The fence at nginx itself. Each lease has a folder in which the link to a new generation is made, and from which it is
// renamed into its place. The next driver removes the folders of lower leases before it begins: whatever an earlier
// driver does when it wakes, even between its last check and its rename, it finds nothing to rename, and fails.
//
// It rests on rename(2), unlink(2) and rmdir(2) being atomic on one local file system: a network file system is not
// enough. What remains: until the next driver's first change here, an earlier one that has lost its lease in the engine's
// own database can still put its routing in place; the next one then sees that generation and has to go beyond it.

import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Fence } from '../../domain/routing.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { isMissing, syncFolder } from '../../lib/files.ts';

const tries = 100;

/** @throws `fenced-out` when a higher lease has been here */
export function takeLease(routing: string, fence: Fence): void {
  const leases = join(routing, 'leases');
  // First make the own folder, then read the others: of two drivers at once, one sees the other.
  const isNew = mkdirSync(join(leases, String(fence)), { recursive: true }) !== undefined;
  const others = leasesIn(leases).filter((other) => other !== fence);
  const highest = Math.max(fence, ...others);
  if (highest > fence) {
    removeLease(leases, fence);
    throw fencedOut(fence, highest);
  }
  for (const other of others) removeLease(leases, other);
  if (isNew) syncFolder(leases);
}

/** Replaces `current` by a link to `target`, in one step. @throws `fenced-out` when the lease was removed meanwhile */
export function publish(routing: string, fence: Fence, target: string): void {
  const next = join(routing, 'leases', String(fence), 'next');
  try {
    removeFile(next);
    symlinkSync(target, next);
    renameSync(next, join(routing, 'current'));
  } catch (thrown) {
    if (isMissing(thrown) || !isFolder(join(routing, 'leases', String(fence))))
      throw fencedOut(fence, Math.max(0, ...leasesIn(join(routing, 'leases'))), thrown);
    throw thrown;
  }
}

/**
 * Empties the folder until it can be removed. Renaming the folder would not be enough: a rename out of it that has
 * found the folder already would still succeed. No process can use a removed folder.
 */
function removeLease(leases: string, fence: Fence): void {
  const folder = join(leases, String(fence));
  let last: unknown;
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      for (const name of readdirSync(folder)) removeFile(join(folder, name));
      rmdirSync(folder);
      return;
    } catch (thrown) {
      if (isMissing(thrown)) return;
      last = thrown;
    }
  }
  throw new BlueGreenError('balancer-unsettled', `${folder} cannot be removed: ${messageOf(last)}`, {}, last);
}

function leasesIn(leases: string): readonly Fence[] {
  try {
    return readdirSync(leases)
      .filter((name) => /^\d{1,15}$/.test(name))
      .map(Number);
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw thrown;
  }
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
  }
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function fencedOut(fence: Fence, highest: Fence, cause?: unknown): BlueGreenError {
  return new BlueGreenError('fenced-out', `fence ${fence} is lower than ${highest}, which was seen already`, {}, cause);
}
