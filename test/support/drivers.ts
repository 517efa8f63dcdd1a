// Controllers that are separate processes, so that they can be killed and stopped for real.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Engine } from '@bg/engine';
import type { Stage } from './stage.ts';

const program = resolve(import.meta.dirname, 'driver-process.ts');

export interface Driver {
  readonly pid: number;
  /** Its log so far, one JSON line each. */
  readonly lines: readonly string[];
  signal(name: NodeJS.Signals): void;
  /** Resolves when it is gone. */
  kill(name?: NodeJS.Signals): Promise<void>;
}

export function startDriver({ folder }: Stage, name: string, config = join(folder, 'bluegreen.yaml')): Driver {
  const child: ChildProcess = spawn(process.execPath, [program, config, name], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    if (stream) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    pid: child.pid ?? 0,
    lines,
    signal: (signal) => void child.kill(signal),
    kill: (signal = 'SIGKILL') => {
      child.kill(signal);
      return gone;
    },
  };
}

const run = promisify(execFile);
const stateIsFree = resolve(import.meta.dirname, 'state-lock-process.ts');

/**
 * Stops it for real, but not in the middle of a write: then it would hold the lock of the state, no other process could
 * write, and none could take over before it continues.
 */
export async function stopBetweenWrites({ settings }: Stage, driver: Driver): Promise<void> {
  for (let triesLeft = 50; triesLeft > 0; triesLeft -= 1) {
    driver.signal('SIGSTOP');
    const { stdout } = await run(process.execPath, [stateIsFree, join(settings.stateFolder, 'state.sqlite')]);
    if (stdout === 'free') return;
    driver.signal('SIGCONT');
    await new Promise((wake) => setTimeout(wake, 20));
  }
  throw new Error('the driver was in the middle of a write whenever it was stopped');
}

export interface Point {
  readonly action: string;
  /** The audit sentence begins so: a step's name, mostly. */
  readonly sentence: string;
}

/** Resolves with the row's number as soon as the log has such a row after `seq`. */
export async function reached(engine: Engine, point: Point, seq: number, limitMs = 60_000): Promise<number> {
  const end = Date.now() + limitMs;
  for (let after = seq; ; ) {
    const rows = engine.audit.after(after, 500);
    const found = rows.find(({ action, sentence }) => action === point.action && sentence.startsWith(point.sentence));
    if (found) return found.seq;
    after = rows.at(-1)?.seq ?? after;
    if (Date.now() > end) {
      const story = engine.audit
        .after(Math.max(0, after - 15), 15)
        .map(({ action, sentence }) => `${action}: ${sentence}`);
      throw new Error(`never came to ${point.action} ${point.sentence}:\n${story.join('\n')}`);
    }
    await new Promise((wake) => setTimeout(wake, 5));
  }
}
