// The rendered templates of an instance: each start has its own folder of this machine, which its container sees at the same
// path. It may hold secrets, so only the account of the service can read it, and it is removed when the slot is stopped.

import { chownSync, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../../lib/files.ts';
import type { InstanceKey } from '../environment.ts';
import type { RenderedFile } from '../templates.ts';
import { configFolderOf, type Room } from './room.ts';

const folderName = (launch: string): string => launch.slice(launch.lastIndexOf('.') + 1);

export const launchFolder = (room: Pick<Room, 'stateFolder'>, place: InstanceKey, launch: string): string =>
  join(configFolderOf(room, place), folderName(launch));

/** `owner`: the number of the account in the container; undefined: that of this process. */
export function writeConfig(folder: string, files: readonly RenderedFile[], owner: number | undefined): void {
  if (files.length === 0) return;
  const give = (path: string): void => {
    if (owner !== undefined && owner !== process.getuid?.()) chownSync(path, owner, -1);
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { path, content } of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileAtomic(file, content, 0o600);
    give(file);
    for (let above = dirname(file); above !== dirname(folder); above = dirname(above)) give(above);
  }
}

/** Of every start of this instance but `keep`. */
export function clearConfig(room: Pick<Room, 'stateFolder'>, place: InstanceKey, keep?: string): void {
  const all = configFolderOf(room, place);
  if (!existsSync(all)) return;
  const kept = keep === undefined ? undefined : folderName(keep);
  for (const name of readdirSync(all)) if (name !== kept) rmSync(join(all, name), { recursive: true, force: true });
  if (readdirSync(all).length === 0) rmdirSync(all);
}

/** Of one start that did not come to be. */
export function dropConfig(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const all = dirname(folder);
  if (existsSync(all) && readdirSync(all).length === 0) rmdirSync(all);
}
