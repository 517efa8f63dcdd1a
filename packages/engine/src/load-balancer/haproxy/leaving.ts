// After a reload, connections that were idle at that moment belong to the old process, which answers one more request on
// each, by the routing it had. So a change forward waits until it is gone, or until no such connection can be left.

import type { Clock } from '../../lib/clock.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import { isRunning, type KnownProcess } from './process.ts';
import { keepAliveMs } from './site.ts';

interface Leaving {
  /** Undefined where the user's own command reloaded: then only time tells. */
  readonly process: KnownProcess | undefined;
  readonly at: number;
}

const lookEveryMs = 50;

export function noteLeaving(file: string, process: KnownProcess | undefined, now: number): void {
  writeFileAtomic(file, JSON.stringify({ process, at: now } satisfies Leaving));
}

/** At most as long as an idle connection is kept. */
export async function waitForLeaving(file: string, clock: Clock): Promise<void> {
  const leaving = read(file);
  if (leaving === undefined) return;
  const end = Math.min(leaving.at, clock.now()) + keepAliveMs;
  while (clock.now() < end && (leaving.process === undefined || isRunning(leaving.process)))
    await clock.sleep(lookEveryMs);
}

function read(file: string): Leaving | undefined {
  try {
    return JSON.parse(readFileIfAny(file) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}
