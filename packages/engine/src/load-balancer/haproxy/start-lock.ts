// One engine at a time starts or reloads what all engines on this machine share. A holder that died or hangs loses it.

import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { readFileIfAny } from '../../lib/files.ts';

const staleMs = 30_000;
const waitMs = 45_000;

/** @throws `balancer-unreachable` when another engine holds it for too long. */
export async function withStartLock<T>(file: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  const end = clock.monotonic() + waitMs;
  while (!take(file)) {
    if (clock.monotonic() > end)
      throw new BlueGreenError('balancer-unreachable', `another engine holds ${file} all the time`);
    if (isStale(file, clock.now())) rmSync(file, { force: true });
    await clock.sleep(20);
  }
  try {
    return await work();
  } finally {
    if (readFileIfAny(file) === String(process.pid)) rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    const handle = openSync(file, 'wx', 0o600);
    writeSync(handle, String(process.pid));
    closeSync(handle);
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST') return false;
    throw thrown;
  }
}

function isStale(file: string, now: number): boolean {
  const since = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  if (since === undefined) return false;
  return now - since > staleMs || !isAlive(Number(readFileIfAny(file) || process.pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
