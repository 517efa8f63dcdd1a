// After a reload, connections that were idle at that moment belong to the old process, which answers one more request on
// each, by the routing it had. So a change forward waits until it is gone, or until no such connection can be left.

import type { Clock } from '../../lib/clock.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import { type Moment, momentNow, msSince } from '../../lib/moment.ts';
import { poll } from '../../lib/poll.ts';
import { isRunning, type KnownProcess } from './process.ts';
import { keepAliveMs } from './site.ts';

interface Leaving {
  /** Undefined where the user's own command reloaded: then only the time limit applies. */
  readonly process?: KnownProcess | undefined;
  /** Missing in the file of an older version, which wrote the time of the wall clock. */
  readonly since?: Moment;
}

const lookEveryMs = 50;

export function noteLeaving(file: string, process: KnownProcess | undefined, clock: Clock): void {
  writeFileAtomic(file, JSON.stringify({ process, since: momentNow(clock) } satisfies Leaving));
}

/** Waits at most as long as an idle connection stays open. No connection outlives a restart of the machine. */
export async function waitForLeaving(file: string, clock: Clock): Promise<void> {
  const leaving = read(file);
  if (leaving?.since === undefined) return;
  const pastMs = msSince(leaving.since, clock);
  if (pastMs === undefined) return;
  const hasLeft = () => leaving.process !== undefined && !isRunning(leaving.process);
  await poll(hasLeft, { clock, everyMs: lookEveryMs, limitMs: keepAliveMs - pastMs });
}

function read(file: string): Leaving | undefined {
  try {
    return JSON.parse(readFileIfAny(file) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}
