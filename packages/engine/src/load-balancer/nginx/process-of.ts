// Which processes are the managed nginx. The pid file names the master; its command line, which names our configuration,
// excludes another process with the same pid. Workers of a killed master are found by the log that they hold open.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFileIfAny } from '../../lib/files.ts';
import type { NginxPlaces } from './places.ts';

/** Pid of the living master. */
export function masterOf({ pid, config }: NginxPlaces): number | undefined {
  const noted = Number.parseInt(readFileIfAny(pid) ?? '', 10);
  if (!Number.isInteger(noted) || noted < 2) return undefined;
  const line = readProc(noted, 'cmdline');
  return line?.startsWith('nginx: master') && line.includes(config) ? noted : undefined;
}

/** Workers that live on although their master is dead: they serve, but no master would replace one that ends. */
export function orphansOf(places: NginxPlaces): readonly number[] {
  const master = masterOf(places);
  return workersOf(places).filter((pid) => parentOf(pid) !== master);
}

/** Every worker that writes our log, ending ones included. */
export function workersOf({ accessLog }: NginxPlaces): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => readProc(pid, 'cmdline')?.startsWith('nginx: worker') && holds(pid, accessLog));
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH')) throw thrown;
  }
}

function holds(pid: number, path: string): boolean {
  try {
    const files = readdirSync(`/proc/${pid}/fd`);
    return files.some((name) => linkOf(`/proc/${pid}/fd/${name}`).startsWith(path));
  } catch {
    return false;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function parentOf(pid: number): number | undefined {
  const stat = readProc(pid, 'stat');
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function readProc(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return undefined;
  }
}
