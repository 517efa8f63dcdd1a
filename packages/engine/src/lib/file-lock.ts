// The machine's lock, named by a file: one process at a time changes a file or folder. The kernel grants it
// (kernel-lock.ts); the file shows the holder to people, and to processes of a version that knows no other lock.

import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from './clock.ts';
import { BlueGreenError } from './errors.ts';
import { readFileIfAny } from './files.ts';
import { withKernelLock } from './kernel-lock.ts';
import { startTicksOf } from './process-mark.ts';

export interface FileLock {
  /** Absolute; holds the pid of the holder while it is held. */
  readonly path: string;
  readonly clock: Clock;
  /** How long the work may take. A waiting process gives up later; a hung holder retains the lock (half-done work). */
  readonly holdMs: number;
}

const lookEveryMs = 20;
/** A file is empty for a moment before it is written, and permanently on a disk that was full then. */
const unwrittenMs = 200;

/** @throws BlueGreenError `lease-held` when another process holds it for too long, with its pid */
export function withFileLock<T>(lock: FileLock, work: () => Promise<T>): Promise<T> {
  const { path, clock, holdMs } = lock;
  const waitMs = holdMs * 1.5;
  const until = clock.monotonic() + waitMs;
  const refused = (holder: number | undefined) => held(path, holder);
  return withKernelLock({ name: nameOf(path), waitMs, clock, refused }, async () => {
    const isHeldByFile = createFileLook(lock);
    while (isHeldByFile() || !claim(path)) {
      if (clock.monotonic() > until) throw held(path);
      await clock.sleep(lookEveryMs);
    }
    try {
      return await work();
    } finally {
      if (readFileIfAny(path) === String(process.pid)) rmSync(path, { force: true });
    }
  });
}

/** Two paths that lead to one file are one lock. */
function nameOf(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  const real = join(realpathSync(dirname(path)), basename(path));
  return `bluegreen/file/${createHash('sha256').update(real).digest('hex').slice(0, 32)}`;
}

function held(path: string, holder?: number): BlueGreenError {
  const who = holder ?? (readFileIfAny(path) || 'unknown');
  return new BlueGreenError('lease-held', `process ${who} holds ${path} all the time`);
}

/** A file that is there now is of a process that died. False when a process of the version before came first. */
function claim(path: string): boolean {
  rmSync(path, { force: true });
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (thrown) {
    // On a full disk there is no file: the lock of the kernel needs none.
    return (thrown as NodeJS.ErrnoException).code !== 'EEXIST';
  }
}

/**
 * Whether a process of the previous version holds it. Such a process has no other lock than the file, and loses it to
 * this one as it did then: when it has died, or after `holdMs`, which begin when this process first sees it.
 */
function createFileLook({ path, clock, holdMs }: FileLock): () => boolean {
  let seen: { readonly file: string; readonly atMs: number } | undefined;
  return () => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return false;
    const text = readFileIfAny(path) ?? '';
    const file = `${found.ino} ${found.ctimeMs} ${text}`;
    if (seen?.file !== file) seen = { file, atMs: clock.monotonic() };
    const limitMs = text === '' ? unwrittenMs : holdMs;
    if (text !== '' && (Number(text) === process.pid || startTicksOf(Number(text)) === undefined)) return false;
    return clock.monotonic() - seen.atMs <= limitMs;
  };
}
