// One engine at a time starts or reloads what all engines on this machine share. A holder that died loses it at once.

import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError, hasCode } from '../../lib/errors.ts';
import { withFileLock } from '../../lib/file-lock.ts';

const holdMs = 30_000;

/** @throws `balancer-unreachable` when another engine holds it for too long. */
export async function withStartLock<T>(file: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  let isOurs = false;
  try {
    return await withFileLock({ path: file, clock, holdMs }, () => {
      isOurs = true;
      return work();
    });
  } catch (thrown) {
    if (isOurs || !hasCode(thrown, 'lease-held')) throw thrown;
    throw new BlueGreenError('balancer-unreachable', thrown.message, {}, thrown);
  }
}
