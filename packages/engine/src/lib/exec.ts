// A command is a value until it runs: an argv array, through one port, never a shell.

import { execa } from 'execa';
import { deadline } from './clock.ts';
import { BlueGreenError } from './errors.ts';

export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  /** The whole environment of the command; nothing is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  /** Without it the command reads nothing. */
  readonly input?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** The processes that it starts end with it; for commands that start others, as builds do. */
  readonly group?: boolean;
  /** More output than this ends it. Default: 1 MB. */
  readonly maxOutputBytes?: number;
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs to the end. @throws BlueGreenError `exec-not-found`, `exec-timeout` or `exec-failed` with the last lines. */
export async function run(command: Command): Promise<CommandResult> {
  const [file, ...args] = command.argv;
  const running = execa(file, args, {
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    ...(command.env === undefined ? {} : { env: { ...command.env }, extendEnv: false }),
    ...(command.signal === undefined ? {} : { cancelSignal: command.signal }),
    timeout: command.timeoutMs,
    ...(command.input === undefined ? { stdin: 'ignore' as const } : { input: command.input }),
    maxBuffer: command.maxOutputBytes ?? 1 << 20,
    detached: command.group === true,
    reject: false,
  });
  const result = command.group ? await endTogether(running, command) : await running;
  if (!result.failed) return { stdout: result.stdout, stderr: result.stderr };
  const lastLines = `${result.stderr || result.stdout || result.shortMessage}`.split('\n').slice(-5).join('\n');
  if (result.code === 'ENOENT' || result.code === 'EACCES')
    throw new BlueGreenError('exec-not-found', `${file} cannot be executed (${result.code})`, {}, result);
  if (result.timedOut)
    throw new BlueGreenError('exec-timeout', `${file} ran longer than ${command.timeoutMs} ms`, {}, result);
  throw new BlueGreenError(
    'exec-failed',
    `${file} ended with ${result.exitCode ?? result.signal}: ${lastLines}`,
    {},
    result,
  );
}

/** What the command started holds its output open, so that it would be waited for without end. */
async function endTogether<T>(running: PromiseLike<T> & { readonly pid?: number }, command: Command): Promise<T> {
  const endGroup = () => {
    try {
      if (running.pid !== undefined) process.kill(-running.pid, 'SIGKILL');
    } catch {
      // no process is left in it
    }
  };
  const over = new AbortController();
  const limit = AbortSignal.any([deadline(command.timeoutMs, command.signal), over.signal]);
  limit.addEventListener('abort', endGroup, { once: true });
  try {
    return await running;
  } finally {
    over.abort();
  }
}
