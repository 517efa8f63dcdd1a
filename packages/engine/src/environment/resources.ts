// Are there enough resources for a start? A start without them is refused, before the disk fills up under users.

import { statfsSync } from 'node:fs';
import { BlueGreenError } from '../lib/errors.ts';
import { readProc } from './proc-fs.ts';

export interface Needs {
  readonly minFreeDiskBytes: number;
  readonly minFreeMemoryBytes: number;
}

/** @param folder on the disk that is written to. @throws BlueGreenError `resources-short`, naming what is short and by how much. */
export function requireResources(folder: string, { minFreeDiskBytes, minFreeMemoryBytes }: Needs): void {
  const shortages = [
    shortage(`of disk at ${folder}`, freeDiskBytes(folder), minFreeDiskBytes),
    shortage('of memory', freeMemoryBytes(), minFreeMemoryBytes),
  ].filter((sentence) => sentence !== undefined);
  if (shortages.length > 0) throw new BlueGreenError('resources-short', `nothing was started: ${shortages.join('; ')}`);
}

function shortage(what: string, freeBytes: number | undefined, minBytes: number): string | undefined {
  if (freeBytes === undefined || freeBytes >= minBytes) return undefined;
  return `only ${megabytes(freeBytes)} ${what} are free, ${megabytes(minBytes)} are needed`;
}

function freeDiskBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** The memory that is available without swapping; undefined where the kernel does not report it. */
function freeMemoryBytes(): number | undefined {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readProc('meminfo') ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MB`;
}
