// A child process that answers one question at a time. For work that cannot be interrupted where it
// runs: the process can be killed in the middle of a question, and takes its locks and open files with it.

import { type ChildProcess, fork } from 'node:child_process';
import { systemClock } from './clock.ts';
import { BlueGreenError } from './errors.ts';
import { createKeyedMutex } from './keyed-mutex.ts';

export interface Companion {
  readonly pid: number;
  readonly isAlive: () => boolean;
  /**
   * Its answer. Questions wait for each other, and the time of each begins when it is asked. When the time passes or
   * the signal aborts, the process is killed, and has ended before this rejects. @throws BlueGreenError `exec-timeout`,
   * `exec-failed` when it ended by itself; the signal's reason
   */
  ask(question: unknown, limits: AskLimits): Promise<unknown>;
  /** Resolves when it has ended. */
  kill(): Promise<void>;
}

export interface AskLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** @param script a TypeScript file of this program that calls `answerQuestions`. It inherits no environment. */
export async function startCompanion(script: string, args: readonly string[]): Promise<Companion> {
  // `advanced` carries big integers and bytes as they are.
  const child = fork(script, [...args], { env: {}, execArgv: [], serialization: 'advanced', stdio: 'ignore' });
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let isGone = false;
  void gone.then(() => {
    isGone = true;
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  const mutex = createKeyedMutex();
  async function askInTurn(question: unknown, { timeoutMs, signal }: AskLimits): Promise<unknown> {
    signal?.throwIfAborted();
    if (isGone) throw ended(script);
    const over = new AbortController();
    const first = await Promise.race([
      answerOf(child, question),
      exitOf(child, over.signal),
      stopped(over.signal, signal),
      timePassed(timeoutMs, over.signal),
    ]);
    over.abort();
    if (typeof first === 'object') return first.answer;
    await kill();
    if (first === 'gone') throw ended(script);
    if (first === 'stopped') throw signal?.reason;
    throw new BlueGreenError('exec-timeout', `no answer within ${timeoutMs} ms`);
  }
  return {
    pid: child.pid as number,
    isAlive: () => !isGone,
    kill,
    ask: (question, limits) => mutex('question', () => askInTurn(question, limits)),
  };
}

const ended = (script: string) => new BlueGreenError('exec-failed', `the process of ${script} ended`);

function answerOf(child: ChildProcess, question: unknown): Promise<{ readonly answer: unknown }> {
  return new Promise((resolve) => {
    child.once('message', (answer) => resolve({ answer }));
    // Of a closed channel the end of the process says enough.
    child.send({ question }, () => undefined);
  });
}

/** Its listener goes with the question: a companion answers thousands of them. */
function exitOf(child: ChildProcess, over: AbortSignal): Promise<'gone'> {
  return new Promise((resolve) => {
    const report = () => resolve('gone');
    child.once('exit', report);
    over.addEventListener('abort', () => child.off('exit', report), { once: true });
  });
}

function stopped(over: AbortSignal, signal: AbortSignal | undefined): Promise<'stopped'> {
  return new Promise((resolve) =>
    signal?.addEventListener('abort', () => resolve('stopped'), { once: true, signal: over }),
  );
}

async function timePassed(ms: number, over: AbortSignal): Promise<'late'> {
  await systemClock.sleep(ms, over).catch(() => undefined);
  return 'late';
}

/** For the script of the child process, which ends with its parent in every case. */
export function answerQuestions(answer: (question: unknown) => unknown): void {
  process.on('message', (message) => process.send?.(answer((message as { question: unknown }).question)));
  process.once('disconnect', () => process.exit());
  // A Ctrl-C in the terminal is for the parent, which ends what runs here in good order.
  process.on('SIGINT', () => undefined);
}
