// What is fetched must not fill the disk that running services and the state write to.

import { statfsSync } from 'node:fs';
import { sizeText, unavailable } from './refused.ts';

/** Called with a number of bytes before they are written. @throws BlueGreenError `artifact-unavailable` */
export type Spend = (bytes: number) => void;

/** Between two checks. */
const lookEveryBytes = 32 * 1024 ** 2;

export function createSpend(folder: string, keepFreeBytes: number): Spend {
  let unseen = Number.POSITIVE_INFINITY;
  return (bytes) => {
    unseen += bytes;
    if (unseen < lookEveryBytes) return;
    unseen = 0;
    const { bavail, bsize } = statfsSync(folder);
    const free = bavail * bsize;
    if (free - bytes < keepFreeBytes)
      throw unavailable(`only ${sizeText(free)} of the disk are free, and ${sizeText(keepFreeBytes)} are to stay free`);
  };
}
