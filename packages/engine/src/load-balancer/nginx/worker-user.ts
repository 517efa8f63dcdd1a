// The user that the workers of a managed nginx run as. Started by an ordinary user, they run as that user. Started by
// root, they run as `nobody` where `nobody` can read the routing files; where a folder above is closed to it, as root.

import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { BlueGreenError, hasCode } from '../../lib/errors.ts';

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

const canPass = (folder: string): boolean => closedFolder(folder) === undefined;

/** The nearest folder on the way, this one included, that users other than its owner and group cannot enter. */
export function closedFolder(folder: string): string | undefined {
  for (let path = folder; ; path = dirname(path)) {
    if (((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o001) === 0) return path;
    if (path === dirname(path)) return undefined;
  }
}

/** The error, with the name of a folder where a folder explains it. */
export function explained(routing: string, thrown: unknown): unknown {
  const why = hasCode(thrown, 'balancer-unsettled') ? whyClosed(routing) : undefined;
  return why === undefined ? thrown : new BlueGreenError('balancer-unsettled', why, {}, thrown);
}

/** Why nginx may find no routing, as a sentence; undefined where the folders explain nothing. */
export function whyClosed(routing: string): string | undefined {
  const folder = closedFolder(routing);
  return (
    folder &&
    `the workers of nginx cannot enter ${folder}, so that they find no routing and users get 503: allow it (chmod o+x ${folder}), or let nginx run as a user that may`
  );
}

/** Debian's `nobody` is of the group `nogroup`; elsewhere the group has the same name as the user. */
function nobodysGroup(): string {
  try {
    return /^nogroup:/m.test(readFileSync('/etc/group', 'utf8')) ? ' nogroup' : '';
  } catch {
    return '';
  }
}
