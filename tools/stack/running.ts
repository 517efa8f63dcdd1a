// What runs out of a demonstration's folder: identified by its arguments, its environment, or its working directory.

import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';

export interface RunningProcess {
  readonly pid: number;
  /** Its words, with blanks between them. */
  readonly command: string;
}

/** Without the process that asks. Undefined where the system has no /proc to be asked. */
export function runningIn(folder: string): readonly RunningProcess[] | undefined {
  if (process.platform !== 'linux') return undefined;
  const real = realpathSync(folder);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => [read(pid, 'cmdline'), read(pid, 'environ'), placeOf(pid)].some((text) => mentions(text, real)))
    .map((pid) => ({ pid: Number(pid), command: read(pid, 'cmdline').replaceAll('\0', ' ').trim() }))
    .filter(({ command }) => command !== '');
}

/** Followed by a slash or by nothing: another folder's name may begin with this one's. */
function mentions(text: string, folder: string): boolean {
  return text.includes(`${folder}/`) || text.endsWith(folder) || text.includes(`${folder}\0`);
}

/** Empty for a process that ended meanwhile, or is not ours. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function placeOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
