// Are the files of a release still those that were registered? First a check of names, sizes and times, which is cheap;
// all bytes are read again only where that has changed.

import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Path from the release's folder, and everything that a change of the file changes: no program can turn its ctime back. */
export type Listing = ReadonlyMap<string, string>;

const maxFiles = 200_000;

/** @throws what the file system throws; an Error for more files than a release may have */
export async function listFiles(folder: string, signal?: AbortSignal): Promise<Listing> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  if (entries.length > maxFiles) throw new Error(`${folder} holds more than ${maxFiles} files`);
  const listing = new Map<string, string>();
  for (const entry of entries) {
    signal?.throwIfAborted();
    // A folder's times change with what is in it, which is listed itself.
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const { size, mtimeNs, ctimeNs, mode, ino } = await lstat(path, { bigint: true });
    listing.set(relative(folder, path), [size, mtimeNs, ctimeNs, mode, ino].join(' '));
  }
  return listing;
}

/** Pure: what was added, removed or changed, by name. */
export function changedFiles(before: Listing, now: Listing): readonly string[] {
  const names = new Set([...before.keys(), ...now.keys()]);
  return [...names].filter((name) => before.get(name) !== now.get(name)).toSorted();
}

/** One short text for a whole listing. */
export function markOf(listing: Listing): string {
  const mark = createHash('sha256');
  for (const [name, facts] of [...listing].toSorted(([one], [other]) => (one < other ? -1 : 1)))
    mark.update(`${JSON.stringify(name)} ${facts}\n`);
  return mark.digest('hex');
}
