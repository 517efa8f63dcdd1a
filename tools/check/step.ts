// One step of the whole check: a program that runs to its end, its output passed on as it comes.

import { spawn } from 'node:child_process';

export interface CheckStep {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly limitMs: number;
  /** Default inherit: passed on as it comes. */
  readonly output?: 'inherit' | 'ignore';
}

export interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly how: string;
}

const graceMs = 5_000;

export async function runStep(
  { name, argv, limitMs, output = 'inherit' }: CheckStep,
  root: string,
  signal: AbortSignal,
): Promise<StepResult> {
  console.log(`\n▶ ${name}: ${argv.join(' ')}`);
  const startedAt = Date.now();
  const [program, ...args] = argv;
  // A separate group, so that everything it started can be ended with it.
  const child = spawn(program, args, {
    cwd: root,
    stdio: ['ignore', output, output],
    detached: true,
    env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', FORCE_COLOR: '0' },
  });
  const tell = (what: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, what);
  };
  const end = (): void => {
    tell('SIGTERM');
    setTimeout(() => tell('SIGKILL'), graceMs).unref();
  };
  const late = setTimeout(end, limitMs);
  signal.addEventListener('abort', end, { once: true });
  const how = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, by) => resolve(by ?? `exit code ${code}`));
  });
  clearTimeout(late);
  signal.removeEventListener('abort', end);
  const elapsedMs = Date.now() - startedAt;
  const limit = elapsedMs >= limitMs ? `, not done within ${limitMs / 1_000} s` : '';
  return { name, ok: how === 'exit code 0', seconds: Math.round(elapsedMs / 1_000), how: `${how}${limit}` };
}
