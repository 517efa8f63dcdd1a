// Symbolic links of a release, checked when all of them are there: each leads to something inside, and followed to
// their ends they do not multiply. A link that passes by its text may leave the folder through another link.

import { realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { messageOf } from '../lib/errors.ts';
import { cureOfLink } from './names.ts';
import { refused, shownName } from './refused.ts';

export type Kind = 'folder' | 'file' | 'program' | 'link';

interface Entry {
  readonly path: string;
  readonly kind: Kind;
}

/** @throws BlueGreenError `artifact-refused` */
export async function checkLinks(folder: string, entries: readonly Entry[], most: number): Promise<void> {
  const root = await realpath(folder);
  const ends = new Map<string, string>();
  for (const { path, kind } of entries) if (kind === 'link') ends.set(path, await endOf(root, path));
  if (ends.size > 0) checkUnfolding(entries, ends, most);
}

async function endOf(root: string, path: string): Promise<string> {
  const end = await realpath(join(root, path)).catch((thrown: NodeJS.ErrnoException) => {
    const where =
      thrown.code === 'ENOENT'
        ? 'to nothing that is in the release'
        : thrown.code === 'ELOOP'
          ? 'in a circle of links'
          : `nowhere: ${messageOf(thrown)}`;
    throw refused(`the link ${shownName(path)} leads ${where}${cureOfLink(path)}`, thrown);
  });
  const inside = relative(root, end);
  if (inside === '..' || inside.startsWith('../'))
    throw refused(
      `the link ${shownName(path)} leads out of the folder of the release, through other links${cureOfLink(path)}`,
    );
  return inside;
}

/** A program that follows links would see so many files. Few links are enough to make it see millions, or no end. */
export function checkUnfolding(entries: readonly Entry[], ends: ReadonlyMap<string, string>, most: number): void {
  checkedSize('', { ...foldersOf(entries), ends, most, sizes: new Map(), open: new Set() });
}

interface Walk extends ReturnType<typeof foldersOf> {
  readonly ends: ReadonlyMap<string, string>;
  readonly most: number;
  /** Of the folders that are done. */
  readonly sizes: Map<string, number>;
  /** The folders between the root and here. */
  readonly open: Set<string>;
}

function checkedSize(folder: string, walk: Walk): number {
  const { below, folders, ends, most, sizes, open } = walk;
  const known = sizes.get(folder);
  if (known !== undefined) return known;
  open.add(folder);
  let size = 0;
  for (const { path, kind } of below.get(folder) ?? []) {
    const end = kind === 'link' ? (ends.get(path) ?? path) : path;
    if (open.has(end))
      throw refused(`the link ${shownName(path)} leads back to a folder that it is in${cureOfLink(path)}`);
    if (open.size > maxDepth) throw refused(`followed to their ends, its links lie deeper than ${maxDepth} folders`);
    size += 1 + (folders.has(end) ? checkedSize(end, walk) : 0);
    if (size > most) throw refused(`followed to their ends, its links unfold to more than ${most} files`);
  }
  open.delete(folder);
  sizes.set(folder, size);
  return size;
}

/** The direct entries of each folder, and the folders themselves; the root is ''. */
function foldersOf(entries: readonly Entry[]) {
  const below = new Map<string, Entry[]>();
  const folders = new Set(['']);
  for (const entry of entries) {
    const parent = dirname(entry.path) === '.' ? '' : dirname(entry.path);
    below.set(parent, [...(below.get(parent) ?? []), entry]);
    if (entry.kind === 'folder') folders.add(entry.path);
  }
  return { below, folders };
}

const maxDepth = 200;
