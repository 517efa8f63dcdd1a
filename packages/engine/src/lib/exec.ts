// A command is a value until it runs: an argv array, through one port, never a shell.

import { execa } from 'execa';
import { BlueGreenError } from './errors.ts';

export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  /** The whole environment of the command; nothing is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs to the end. @throws BlueGreenError `exec-not-found`, `exec-timeout` or `exec-failed` with the last lines. */
export async function run(command: Command): Promise<CommandResult> {
  const [file, ...args] = command.argv;
  const result = await execa(file, args, {
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    ...(command.env === undefined ? {} : { env: { ...command.env }, extendEnv: false }),
    ...(command.signal === undefined ? {} : { cancelSignal: command.signal }),
    timeout: command.timeoutMs,
    stdin: 'ignore',
    maxBuffer: 1 << 20,
    reject: false,
  });
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
