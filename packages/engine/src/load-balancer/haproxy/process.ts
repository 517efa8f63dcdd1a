// A process that we know by its pid and its start time: another process may have the same pid by now.

import type { Clock } from '../../lib/clock.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import { poll } from '../../lib/poll.ts';
import { startTicksOf } from '../../lib/process-mark.ts';

export interface KnownProcess {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTicks: number;
}

export function remember(file: string, pid: number): void {
  const startTicks = startTicksOf(pid);
  if (startTicks !== undefined) writeFileAtomic(file, JSON.stringify({ pid, startTicks } satisfies KnownProcess));
}

/** Undefined when the process of that record does not run any more. */
export function recall(file: string): KnownProcess | undefined {
  const known = parse(readFileIfAny(file));
  return known !== undefined && isRunning(known) ? known : undefined;
}

export function known(pid: number): KnownProcess | undefined {
  const startTicks = startTicksOf(pid);
  return startTicks === undefined ? undefined : { pid, startTicks };
}

export const isRunning = ({ pid, startTicks }: KnownProcess): boolean => startTicksOf(pid) === startTicks;

/** True when it has ended within that time. */
export async function ended(process: KnownProcess, clock: Clock, limitMs: number): Promise<boolean> {
  return (await poll(() => !isRunning(process), { clock, everyMs: 20, limitMs })) !== undefined;
}

export function signal({ pid, startTicks }: KnownProcess, name: NodeJS.Signals): void {
  if (!isRunning({ pid, startTicks })) return;
  try {
    process.kill(pid, name);
  } catch {
    // Ended between the check and the signal.
  }
}

function parse(text: string | undefined): KnownProcess | undefined {
  try {
    const { pid, startTicks } = JSON.parse(text ?? '{}') as Partial<KnownProcess>;
    return Number.isSafeInteger(pid) && Number.isSafeInteger(startTicks)
      ? ({ pid, startTicks } as KnownProcess)
      : undefined;
  } catch {
    return undefined;
  }
}
