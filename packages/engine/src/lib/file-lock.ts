// One process of this machine at a time does something that several may want to do to one file or folder at once.

import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from './clock.ts';
import { BlueGreenError } from './errors.ts';
import { withKernelLock } from './kernel-lock.ts';

export interface FileLock {
  /** Absolute; gives the lock its name. No such file is made. */
  readonly path: string;
  readonly clock: Clock;
  /** How long the work may take; who waits gives up a little later. A holder that hangs keeps it: its work is not done. */
  readonly holdMs: number;
}

/** @throws BlueGreenError `lease-held` when another process holds it for too long, naming it */
export function withFileLock<T>({ path, clock, holdMs }: FileLock, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const real = join(realpathSync(dirname(path)), basename(path));
  const name = `bluegreen/file/${createHash('sha256').update(real).digest('hex').slice(0, 32)}`;
  const refused = (holder: number | undefined) =>
    new BlueGreenError('lease-held', `process ${holder ?? 'unknown'} holds ${path} all the time`);
  return withKernelLock({ name, waitMs: holdMs * 1.5, clock, refused }, work);
}
