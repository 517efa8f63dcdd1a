// The identity of a release: one sha256 over every file's path, kind and content, in a fixed order.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readlink, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { BlueGreenError, messageOf } from './errors.ts';

const maxFiles = 200_000;

/** @returns 64 hexadecimal digits. @throws BlueGreenError `release-missing` for a folder that cannot be read whole. */
export async function digestFolder(folder: string, signal?: AbortSignal): Promise<string> {
  const whole = createHash('sha256');
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    if (entries.length > maxFiles) throw new Error(`more than ${maxFiles} files`);
    const paths = entries.map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }));
    paths.sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const { entry, path } of paths) {
      signal?.throwIfAborted();
      const name = relative(folder, path);
      if (entry.isFile())
        whole.update(`file ${await modeOf(path)} ${JSON.stringify(name)} ${await digestFile(path)}\n`);
      else if (entry.isSymbolicLink())
        whole.update(`link ${JSON.stringify(name)} ${JSON.stringify(await readlink(path))}\n`);
      else if (!entry.isDirectory()) throw new Error(`${name} is neither file, folder nor link`);
    }
  } catch (thrown) {
    signal?.throwIfAborted();
    throw new BlueGreenError('release-missing', `${folder} cannot be read whole: ${messageOf(thrown)}`, {}, thrown);
  }
  return whole.digest('hex');
}

async function digestFile(path: string): Promise<string> {
  const one = createHash('sha256');
  for await (const chunk of createReadStream(path)) one.update(chunk as Buffer);
  return one.digest('hex');
}

/** Only whether the owner may execute it: other bits differ between machines that hold the same release. */
async function modeOf(path: string): Promise<'x' | '-'> {
  return ((await stat(path)).mode & 0o100) === 0 ? '-' : 'x';
}
