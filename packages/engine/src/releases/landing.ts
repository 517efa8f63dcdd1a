// The folder that files land in before it becomes a release. Every name from every source is checked here: nothing is
// written through a link, twice, or outside; only files, folders and links are created.

import { chmod, copyFile, mkdir, open, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { FetchLimits } from '../config/artifacts/settings.ts';
import { syncFolder } from '../lib/files.ts';
import { inParallel } from '../lib/tasks.ts';
import type { Spend } from './disk.ts';
import { checkLinks, type Kind } from './links.ts';
import { checkLinkTarget, folded, foldersAbove, pathOf } from './names.ts';
import { refused, shownName, sizeText } from './refused.ts';

export interface Landed {
  readonly files: number;
  readonly bytes: number;
}

export interface Landing {
  folder(name: string): Promise<void>;
  file(name: string, content: AsyncIterable<Uint8Array>, origin: Origin): Promise<void>;
  link(name: string, target: string): Promise<void>;
  /** Another name for a file that has landed; it becomes a separate file. */
  copy(name: string, of: string): Promise<void>;
  /** Checks all links, makes everything read-only and syncs it to the disk. */
  settle(): Promise<Landed>;
}

/** The properties of a file at its source. */
export interface Origin {
  /** Those who may read and run it there may do so here; undefined: every user may read it. */
  readonly mode: number | undefined;
  readonly modifiedAt: Date | undefined;
}

interface Entry extends Partial<Origin> {
  readonly path: string;
  readonly kind: Kind;
}

export interface Room {
  readonly files: number;
  readonly bytes: number;
  /** The sentence when the bytes do not suffice. */
  readonly tooLarge: string;
  readonly spend: Spend;
}

/** `folder` must not be there. Everything of it throws BlueGreenError `artifact-refused` where the content is at fault. */
export async function createLanding(folder: string, room: Room, signal: AbortSignal): Promise<Landing> {
  await mkdir(folder, { mode: 0o755 });
  const known = new Map<string, Entry>();
  let bytes = 0;
  const at = (path: string) => join(folder, path);

  /** False for a folder that exists already. */
  function claim(path: string, kind: Kind, origin?: Origin): boolean {
    const before = known.get(folded(path));
    if (before && before.path !== path)
      throw refused(`${shownName(path)} and ${shownName(before.path)} differ only in case`);
    if (before && !(kind === 'folder' && before.kind === 'folder')) throw refused(`${shownName(path)} is there twice`);
    if (before) return false;
    if (known.size >= room.files) throw refused(`it holds more than ${room.files} files, folders and links`);
    known.set(folded(path), { path, kind, ...origin });
    return true;
  }

  async function openFolders(path: string): Promise<void> {
    for (const above of foldersAbove(path)) {
      const before = known.get(folded(above));
      if (before && before.path === above && before.kind !== 'folder')
        throw refused(`${shownName(path)} lies below ${shownName(above)}, which is a ${before.kind}`);
      if (claim(above, 'folder')) await mkdir(at(above));
    }
  }

  function take(more: number): void {
    signal.throwIfAborted();
    bytes += more;
    if (bytes > room.bytes) throw refused(room.tooLarge);
    room.spend(more);
  }

  return {
    async folder(name) {
      const path = pathOf(name);
      if (path === '') return;
      await openFolders(path);
      if (claim(path, 'folder')) await mkdir(at(path));
    },
    async file(name, content, origin) {
      const path = await begin(name, ((origin.mode ?? 0) & 0o100) === 0 ? 'file' : 'program', origin);
      await using file = await open(at(path), 'wx', 0o600);
      for await (const chunk of content) {
        take(chunk.length);
        await file.writeFile(chunk);
      }
    },
    async link(name, target) {
      const path = await begin(name, 'link');
      checkLinkTarget(path, target);
      await symlink(target, at(path));
    },
    async copy(name, of) {
      const source = known.get(folded(pathOf(of)));
      if (source?.path !== pathOf(of) || (source.kind !== 'file' && source.kind !== 'program'))
        throw refused(`the hard link ${shownName(name)} leads to ${shownName(of)}, which is no file before it`);
      const { mode, modifiedAt } = source;
      const path = await begin(name, source.kind, { mode, modifiedAt });
      take(await sizeOf(at(source.path)));
      await copyFile(at(source.path), at(path));
    },
    async settle() {
      await checkLinks(folder, [...known.values()], room.files);
      await makeFast(folder, [...known.values()], signal);
      return { files: [...known.values()].filter(({ kind }) => kind !== 'folder').length, bytes };
    },
  };

  async function begin(name: string, kind: Kind, origin?: Origin): Promise<string> {
    signal.throwIfAborted();
    const path = pathOf(name);
    if (path === '') throw refused(`${shownName(name)} names the folder of the release itself`);
    await openFolders(path);
    claim(path, kind, origin);
    return path;
  }
}

/** For an archive: bytes by what is allowed, and by how large it is itself. */
export function roomFor(
  { files, unpackedBytes, ratio }: Pick<FetchLimits, 'files' | 'unpackedBytes' | 'ratio'>,
  spend: Spend,
  archiveBytes?: number,
): Room {
  const byRatio = archiveBytes === undefined ? Number.POSITIVE_INFINITY : Math.max(freeBytes, archiveBytes * ratio);
  const tooLarge =
    byRatio < unpackedBytes
      ? `it unpacks to more than ${ratio} times its own size of ${sizeText(archiveBytes ?? 0)}`
      : `its files are larger than ${sizeText(unpackedBytes)} together`;
  return { files, bytes: Math.min(byRatio, unpackedBytes), tooLarge, spend };
}

/** The smallest archive may unpack to this much. */
const freeBytes = 16 * 1024 ** 2;

/** Read-only, and on the disk; at once for some files, since each waits for the disk. */
async function makeFast(folder: string, entries: readonly Entry[], signal: AbortSignal): Promise<void> {
  const files = entries.filter(({ kind }) => kind === 'file' || kind === 'program');
  await inParallel(files, 8, async (entry) => {
    signal.throwIfAborted();
    await using file = await open(join(folder, entry.path), 'r');
    await file.chmod(readOnlyMode(entry));
    // Bytecode and caches compare it, and it becomes a part of ETags.
    if (isTime(entry.modifiedAt)) await file.utimes(entry.modifiedAt, entry.modifiedAt);
    await file.sync();
  });
  for (const { path, kind } of entries) {
    if (kind !== 'folder') continue;
    await chmod(join(folder, path), 0o555);
    syncFolder(join(folder, path));
  }
  await chmod(folder, 0o555);
  syncFolder(folder);
}

/** A file that other users could not read there is not readable for them here: it may be a key. */
function readOnlyMode({ kind, mode = 0 }: Entry): number {
  const given = (mode & 0o777) === 0 ? 0o644 : mode;
  const readable = 0o400 | (given & 0o044);
  return kind === 'program' ? readable | (readable >> 2) : readable;
}

function isTime(time: Date | undefined): time is Date {
  const ms = time?.getTime() ?? Number.NaN;
  return ms >= 0 && ms < latestTimeMs;
}

/** Later times do not fit every file system. */
const latestTimeMs = 2 ** 32 * 1000;

async function sizeOf(path: string): Promise<number> {
  await using file = await open(path, 'r');
  return (await file.stat()).size;
}
