// One process of this machine at a time does something that several may want to do at once. A holder that died loses it
// at once, one that hangs after its time.

import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import type { Clock } from './clock.ts';
import { BlueGreenError } from './errors.ts';
import { readFileIfAny } from './files.ts';

export interface FileLock {
  /** Absolute; holds the pid of the holder while it is held. */
  readonly path: string;
  readonly clock: Clock;
  /** A holder is taken for hung after this long; who waits gives up a little later. */
  readonly holdMs: number;
}

const lookEveryMs = 20;

/** @throws BlueGreenError `lease-held` when another process holds it for too long */
export async function withFileLock<T>(lock: FileLock, work: () => Promise<T>): Promise<T> {
  const { path, clock, holdMs } = lock;
  const deadline = clock.monotonic() + holdMs * 1.5;
  const isAbandoned = abandonedAfter(lock);
  while (!take(path)) {
    if (clock.monotonic() > deadline)
      throw new BlueGreenError('lease-held', `process ${readFileIfAny(path)} holds ${path} all the time`);
    if (isAbandoned()) rmSync(path, { force: true });
    await clock.sleep(lookEveryMs);
  }
  try {
    return await work();
  } finally {
    if (readFileIfAny(path) === String(process.pid)) rmSync(path, { force: true });
  }
}

function take(path: string): boolean {
  try {
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST') return false;
    throw thrown;
  }
}

/** A hung holder's time begins when this process first sees it: the file's own time rests on a clock that may be set. */
function abandonedAfter({ path, clock, holdMs }: FileLock): () => boolean {
  let seen: { readonly file: string; readonly atMs: number } | undefined;
  return () => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return false;
    // Empty for the moment between its creation and its first word.
    const holder = Number(readFileIfAny(path) || process.pid);
    const file = `${found.ino} ${found.ctimeMs} ${holder}`;
    if (seen?.file !== file) seen = { file, atMs: clock.monotonic() };
    return !isAlive(holder) || clock.monotonic() - seen.atMs > holdMs;
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
}
