// Copies a folder of this machine into a landing, which checks it as it checks an archive.

import { constants } from 'node:fs';
import { open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Landing } from './landing.ts';
import { refused, shownName } from './refused.ts';

export interface CopyOptions {
  /** Names at the top that are no part of the release. */
  readonly leaveOut?: readonly string[];
  /** The files were made here, under our own umask: their modes say only what is a program. */
  readonly ownModes?: boolean;
}

export async function copyFolder(source: string, landing: Landing, options: CopyOptions = {}): Promise<void> {
  await copyBelow(source, '', landing, options);
}

async function copyBelow(source: string, below: string, landing: Landing, options: CopyOptions): Promise<void> {
  for (const entry of await readdir(join(source, below), { withFileTypes: true })) {
    if (below === '' && options.leaveOut?.includes(entry.name)) continue;
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      await landing.folder(name);
      await copyBelow(source, name, landing, options);
    } else if (entry.isSymbolicLink()) await landing.link(name, await readlink(join(source, name)));
    else if (entry.isFile()) await copyFile(join(source, name), name, landing, options);
    else
      throw refused(`${shownName(name)} is a device, a pipe or a socket, and only files, folders and links are taken`);
  }
}

/** Opened without following a link that has just taken its place. */
async function copyFile(from: string, name: string, landing: Landing, { ownModes }: CopyOptions): Promise<void> {
  const file = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  const { mode, mtime } = await file.stat();
  await landing.file(name, file.createReadStream(), { mode: ownModes ? mode | 0o044 : mode, modifiedAt: mtime });
}
