// Starts a process that must outlive this one: in a new process group, output appended to a file, nothing inherited.

import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { BlueGreenError } from './errors.ts';
import { withGivenUmask } from './private-files.ts';

export interface DetachedOptions {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** The whole environment; a program without a slash is searched for in its `PATH`. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Both outputs: a file, to which they are appended, or an open descriptor, which the caller must close. Never a pipe
   * that only this process reads: it would end with this process.
   */
  readonly logFile: string | number;
  /** An open descriptor; without one nothing is read. */
  readonly input?: number;
  /** Its files are its own affair: it gets the umask that this process was started with. */
  readonly givenUmask?: boolean;
}

export interface DetachedExit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface DetachedProcess {
  /** Also the id of its process group. */
  readonly pid: number;
  /** Resolves when it ends while this process lives; waiting for it keeps no process alive. Never rejects. */
  readonly exited: Promise<DetachedExit>;
}

/** Resolves once the program runs. @throws BlueGreenError `exec-not-found` when it cannot be executed in `cwd`. */
export async function spawnDetached({
  argv,
  cwd,
  env,
  logFile,
  input,
  givenUmask = false,
}: DetachedOptions): Promise<DetachedProcess> {
  if (!isFolder(cwd))
    throw new BlueGreenError('exec-not-found', `${argv[0]} cannot be started in ${cwd}: no such folder`);
  const output = typeof logFile === 'number' ? logFile : openForAppend(logFile);
  try {
    const [file, ...args] = argv;
    const stdio = [input ?? 'ignore', output, output] as const;
    const begin = () => spawn(file, args, { cwd, env: { ...env }, detached: true, stdio: [...stdio] });
    const child = givenUmask ? withGivenUmask(begin) : begin();
    const exited = new Promise<DetachedExit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('spawn', () => resolve(child.pid as number));
      child.once('error', (cause) => reject(notExecutable(file, cause)));
    });
    child.unref();
    return { pid, exited };
  } catch (thrown) {
    // Some refusals (an argument with a NUL, a list of arguments that is too long) are thrown instead of emitted.
    throw thrown instanceof BlueGreenError ? thrown : notExecutable(argv[0], thrown);
  } finally {
    if (output !== logFile) closeSync(output);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function openForAppend(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, 'a', 0o600);
}

function notExecutable(file: string, cause: unknown): BlueGreenError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return new BlueGreenError('exec-not-found', `${file} cannot be executed (${code})`, {}, cause);
}
