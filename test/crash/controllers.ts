// Controllers of a stage that are separate processes, armed and watched by the test.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Stage } from '../support/stage.ts';
import type { FromController, Moment, Order, ToController } from './moments.ts';

const program = resolve(import.meta.dirname, 'controller-process.ts');

export interface Controller {
  readonly pid: number;
  /** What it passed since it was armed. */
  readonly moments: readonly Moment[];
  /** Its log so far, one JSON line each. */
  readonly lines: readonly string[];
  /** The signal that ended it, or its exit code; undefined while it runs. */
  ended(): string | undefined;
  isStopped(): boolean;
  /** Resolves when it counts its moments from now on. */
  arm(order: Order | 'only-record'): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Resolves when it is gone. */
  kill(name?: NodeJS.Signals): Promise<void>;
}

export function startController({ folder }: Stage, name: string): Controller {
  const config = join(folder, 'bluegreen.yaml');
  const child = spawn(process.execPath, [program, config, name], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    if (stream) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  let moments: Moment[] = [];
  let armed: (() => void) | undefined;
  let ended: string | undefined;
  const gone = new Promise<void>((done) =>
    child.once('exit', (code, signal) => {
      ended = signal ?? `exit code ${code}`;
      done();
    }),
  );
  child.on('message', (message: FromController) => {
    if ('armed' in message) armed?.();
    else moments.push(message.moment);
  });
  return {
    pid: child.pid ?? 0,
    get moments() {
      return moments;
    },
    lines,
    ended: () => ended,
    isStopped: () => ended === undefined && stateOf(child.pid ?? 0) === 'T',
    arm: (order) =>
      new Promise<void>((done, fail) => {
        moments = [];
        armed = done;
        void gone.then(() => fail(new Error(`${name} ended before it was armed: ${lines.slice(-5).join('\n')}`)));
        child.send({ arm: order } satisfies ToController, (error) => error && fail(error));
      }),
    signal: (signal) => void child.kill(signal),
    kill: (signal = 'SIGKILL') => {
      if (ended === undefined) child.kill(signal);
      return gone;
    },
  };
}

/** One letter, as the system shows it; undefined when the process is gone. */
function stateOf(pid: number): string | undefined {
  try {
    return /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
