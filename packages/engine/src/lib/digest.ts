// The identity of a release: one sha256 over every file's path, kind and content, in a fixed order.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readlink, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { BlueGreenError, messageOf } from './errors.ts';

const maxFiles = 200_000;

export interface FolderMeasure {
  /** 64 hexadecimal digits. */
  readonly digest: string;
  /** Of all files together. */
  readonly bytes: number;
  /** Files and links. */
  readonly files: number;
}

/** As `measureFolder`, without its sizes. */
export async function digestFolder(folder: string, signal?: AbortSignal): Promise<string> {
  return (await measureFolder(folder, signal)).digest;
}

/** @throws BlueGreenError `release-missing` for a folder that cannot be read whole. */
export async function measureFolder(folder: string, signal?: AbortSignal): Promise<FolderMeasure> {
  const whole = createHash('sha256');
  let bytes = 0;
  let files = 0;
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    if (entries.length > maxFiles) throw new Error(`more than ${maxFiles} files`);
    const paths = entries.map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }));
    paths.sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const { entry, path } of paths) {
      signal?.throwIfAborted();
      const name = relative(folder, path);
      if (!entry.isDirectory()) files += 1;
      if (entry.isFile()) {
        const { mode, size } = await stat(path);
        whole.update(`file ${modeText(mode)} ${JSON.stringify(name)} ${await digestFile(path)}\n`);
        bytes += size;
      } else if (entry.isSymbolicLink())
        whole.update(`link ${JSON.stringify(name)} ${JSON.stringify(await readlink(path))}\n`);
      else if (!entry.isDirectory()) throw new Error(`${name} is neither file, folder nor link`);
    }
  } catch (thrown) {
    signal?.throwIfAborted();
    throw new BlueGreenError('release-missing', `${folder} cannot be read whole: ${messageOf(thrown)}`, {}, thrown);
  }
  return { digest: whole.digest('hex'), bytes, files };
}

async function digestFile(path: string): Promise<string> {
  const one = createHash('sha256');
  for await (const chunk of createReadStream(path)) one.update(chunk as Buffer);
  return one.digest('hex');
}

/** Only whether the owner may execute it: other bits differ between machines that hold the same release. */
const modeText = (mode: number): 'x' | '-' => ((mode & 0o100) === 0 ? '-' : 'x');
