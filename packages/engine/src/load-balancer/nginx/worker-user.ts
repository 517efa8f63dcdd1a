// Whom the workers of a managed nginx run as. Started by an ordinary user, they are that user. Started by root, they are
// `nobody`, where `nobody` can get at the routing files; where a folder above is closed to him, they stay root.

import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The value of nginx's `user`; undefined where nginx takes none. */
export function workerUser(folder: string): string | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return canPass(folder) ? `nobody${nobodysGroup()}` : 'root';
}

/** The kernel's hard limit for this process, which nginx inherits: asking for more would be refused. */
export function openFilesLimit(): number {
  const line = /^Max open files\s+\S+\s+(\d+)/m.exec(readLimits());
  return line === null ? 65_536 : Number(line[1]);
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}

function canPass(folder: string): boolean {
  for (let path = folder; ; path = dirname(path)) {
    if (((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/** Debian's `nobody` is of the group `nogroup`; elsewhere the group has the same name as the user. */
function nobodysGroup(): string {
  try {
    return /^nogroup:/m.test(readFileSync('/etc/group', 'utf8')) ? ' nogroup' : '';
  } catch {
    return '';
  }
}
