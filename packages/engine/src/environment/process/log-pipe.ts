// The way from a service to its log: a named pipe and a writer (log-writer.sh) that outlives the engine. The service holds
// the pipe open for reading too, so that it never gets SIGPIPE, not even in a moment in which no writer lives.

import { closeSync, constants, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { run } from '../../lib/exec.ts';
import { ownFile } from '../../lib/own-files.ts';
import { poll } from '../../lib/poll.ts';
import { spawnDetached } from '../../lib/spawn-detached.ts';
import { pieceBytes } from '../log-pieces.ts';
import { isInPath } from './program.ts';

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const programs = ['sh', 'flock', 'setsid', 'stdbuf', 'head', 'timeout', 'wc', 'stat', 'mkfifo'];
/** A writer needs milliseconds; a child that the service left behind would be waited for until then. */
const drainMs = 1_000;
const drainPollMs = 10;

/** How long a second writer waits for the first: while it ends, or not at all. */
type Waiting = '-w 10' | '-n';

/** @throws BlueGreenError `exec-not-found`, naming what is missing and where it comes from */
export function requireWriter(): void {
  const missing = programs.filter((program) => !isInPath(program, path));
  if (missing.length > 0)
    throw new BlueGreenError(
      'exec-not-found',
      `${missing.join(', ')} not found in ${path}: logs are written by them; install coreutils and util-linux`,
    );
}

/** A descriptor for the outputs of a service, with a writer behind it. The caller closes it. */
export async function openOutput(log: string, maxLogBytes: number): Promise<number> {
  requireWriter();
  const pipe = pipeOf(log);
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  if (!isPipe(pipe)) {
    rmSync(pipe, { force: true });
    await run({ argv: ['mkfifo', '-m', '600', pipe], env: { PATH: path }, timeoutMs: 10_000 });
  }
  const output = openSync(pipe, constants.O_RDWR);
  try {
    await startWriter(log, maxLogBytes, '-w 10');
    return output;
  } catch (thrown) {
    closeSync(output);
    throw thrown;
  }
}

/** Starts a writer where a service writes and no writer lives. An existing writer goes on unchanged. */
export async function ensureWriter(log: string, maxLogBytes: number): Promise<void> {
  if (!hasReader(pipeOf(log))) return;
  const held = openSync(pipeOf(log), constants.O_RDWR);
  try {
    await startWriter(log, maxLogBytes, '-n');
  } finally {
    closeSync(held);
  }
}

/** What a service that has ended wrote is in its log when this resolves. Limited: a child of it may live on and write. */
export async function drained(log: string, clock: Clock): Promise<void> {
  await poll(() => !hasReader(pipeOf(log)), { clock, everyMs: drainPollMs, limitMs: drainMs });
}

/** Whether a service that writes into a pipe, or the writer behind it, has it open. */
export function hasReader(pipe: string): boolean {
  if (!isPipe(pipe)) return false;
  try {
    closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}

export const pipeOf = (log: string): string => `${log}.pipe`;

async function startWriter(log: string, maxLogBytes: number, waiting: Waiting): Promise<void> {
  const input = openSync(pipeOf(log), 'r');
  try {
    const script = ownFile(import.meta.url, 'log-writer.sh');
    const argv = ['sh', script, log, String(pieceBytes(maxLogBytes)), waiting] as const;
    await spawnDetached({ argv, cwd: '/', env: { PATH: path, LC_ALL: 'C' }, input, logFile: '/dev/null' });
  } finally {
    closeSync(input);
  }
}

function isPipe(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFIFO() ?? false;
}
