// A value that several processes share: the first one writes it, all others read it.

import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readFileIfAny, withRoomFor } from './files.ts';

/** The content of `path`, which is `make()` when there was no such file. Mode 0600. */
export function readOrCreateFile(path: string, make: () => string): string {
  const present = readFileIfAny(path);
  if (present !== undefined) return present;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const content = make();
    withRoomFor(temporary, () => writeFileSync(temporary, content, { mode: 0o600 }));
    // A link, unlike a rename, fails when another process was faster.
    linkSync(temporary, path);
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown;
  } finally {
    rmSync(temporary, { force: true });
  }
  return readFileSync(path, 'utf8');
}
