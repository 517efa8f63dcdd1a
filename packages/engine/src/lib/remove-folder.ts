// Removes a folder whose parts may be read-only, as those of fetched releases are: only root can
// remove what is in a read-only folder.

import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './files.ts';

/** Removed when it resolves, also where there was none. Never follows a link. */
export async function removeFolder(path: string): Promise<void> {
  await makeWritable(path);
  await rm(path, { recursive: true, force: true, maxRetries: 2 });
}

async function makeWritable(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((thrown: NodeJS.ErrnoException) => {
    if (isMissing(thrown) || thrown.code === 'ENOTDIR') return undefined;
    throw thrown;
  });
  if (!entries) return;
  await chmod(folder, 0o755);
  for (const entry of entries) if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
}
