// Where a release is made before it is moved to its place: in the releases folder itself, so that moving is a rename,
// and under a name that no version has, so that the leftovers of a killed process are recognized.

import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, syncFolder } from '../lib/files.ts';
import { removeFolder } from '../lib/remove-folder.ts';
import { refused } from './refused.ts';

const prefix = '.fetching-';

export interface Workplace {
  /** For downloads and repositories. */
  readonly folder: string;
  /** What becomes the release. Not there yet. */
  readonly files: string;
  moveTo(version: string): Promise<void>;
  clear(): Promise<void>;
}

/** @param token of the lease or the process: two controllers that take each other for dead do not share a workplace */
export async function makeWorkplace(releases: string, version: string, token: string): Promise<Workplace> {
  const folder = join(releases, `${prefix}${version}-${token}`);
  const files = `${folder}.files`;
  const clear = async () => {
    await removeFolder(folder);
    await removeFolder(files);
  };
  await clear();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    folder,
    files,
    clear,
    async moveTo(name) {
      await rename(files, join(releases, name)).catch((thrown: NodeJS.ErrnoException) => {
        if (thrown.code !== 'ENOTEMPTY' && thrown.code !== 'EEXIST') throw thrown;
        throw refused('its folder has appeared meanwhile, and is not replaced', thrown);
      });
      syncFolder(releases);
    },
  };
}

/** For a process that fetches without the lease: whether the fetch still runs is known by the process. */
export const tokenByHand = (): string => `by-hand-${process.pid}`;

/** Removes what killed processes left. Only for the controller, before anything is fetched. */
export async function clearWorkplaces(releases: string): Promise<void> {
  const names = await readdir(releases).catch((thrown: unknown) => {
    if (isMissing(thrown)) return [];
    throw thrown;
  });
  for (const name of names)
    if (name.startsWith(prefix) && !isOfLivingHand(name)) await removeFolder(join(releases, name));
}

function isOfLivingHand(name: string): boolean {
  const pid = /-by-hand-(\d+)(?:\.files)?$/.exec(name)?.[1];
  if (pid === undefined) return false;
  try {
    return process.kill(Number(pid), 0);
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'; // a running process of another user
  }
}
