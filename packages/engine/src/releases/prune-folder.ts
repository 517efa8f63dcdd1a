// Removes a release's folder so that a crash leaves either the whole release or a name that is no release: one rename
// moves it to the trash, and then it is deleted.

import { randomBytes } from 'node:crypto';
import { type Dirent, lstatSync, readdirSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isMissing, syncFolder } from '../lib/files.ts';

const trashShape = /^\.pruned-[0-9a-f]{8}-(.+)$/;

/** A release that is a link in one of `places`: it can be deployed and is listed, and what it points to is not ours to remove. */
export function isLinked(folder: string, version: string, places: readonly string[]): boolean {
  if (basename(folder) !== version || !places.includes(dirname(folder))) return false;
  const isLink = lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink && statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** What may be a release in this place: its folders, and links to folders. Nothing where there is no such place. */
export function releaseFolders(place: string): readonly string[] {
  return entriesOf(place).flatMap((entry) =>
    entry.isDirectory() || (entry.isSymbolicLink() && isLinked(join(place, entry.name), entry.name, [place]))
      ? [entry.name]
      : [],
  );
}

/** The name of a folder in the trash. */
export const trashNameOf = (version: string): string => `.pruned-${randomBytes(4).toString('hex')}-${version}`;

export function moveToTrash(folder: string, name: string): void {
  renameSync(folder, join(dirname(folder), name));
  syncFolder(dirname(folder));
}

export interface Leftover {
  readonly path: string;
  /** Where it came from. */
  readonly folder: string;
  readonly name: string;
}

/** What was moved to the trash in a releases folder and is not deleted yet. */
export function leftInTrash(place: string): readonly Leftover[] {
  return entriesOf(place).flatMap(({ name }) => {
    const version = trashShape.exec(name)?.[1];
    return version === undefined ? [] : [{ name, path: join(place, name), folder: join(place, version) }];
  });
}

function entriesOf(place: string): readonly Dirent[] {
  try {
    return readdirSync(place, { withFileTypes: true });
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw thrown;
  }
}

/** For a folder whose removal was never recorded: it is still the release. */
export function putBack({ path, folder }: Leftover): void {
  if (lstatSync(folder, { throwIfNoEntry: false })) return;
  renameSync(path, folder);
  syncFolder(dirname(folder));
}
