// Wakes the callers that wait for a change by this process or another, without a broker. SQLite counts the commits of
// other connections (`PRAGMA data_version`); our own commits are announced directly.

import { type Clock, pause } from '../lib/clock.ts';
import type { Db } from './database.ts';

const pollMs = 40;
/** After a change was announced, the next changes wait this long and are announced together. */
const quietMs = 30;

export interface ChangeSignal {
  /** Resolves on the next change of the state, after `limitMs`, or when the signal aborts. */
  changed(limitMs: number, signal?: AbortSignal): Promise<void>;
  /** A commit of our own. */
  announce(): void;
}

export function createChangeSignal(db: Db, clock: Clock): ChangeSignal {
  const version = db.$client.prepare('PRAGMA data_version').pluck();
  const waiting = new Set<() => void>();
  let polling = false;
  let last = Number(version.get());
  let quietUntil = 0;
  let isOwed = false;

  /** While the state cannot be read, assume that nothing changed. */
  function versionOr(before: number): number {
    try {
      return Number(version.get());
    } catch {
      return before;
    }
  }

  function wakeAll(): void {
    quietUntil = clock.monotonic() + quietMs;
    const woken = [...waiting];
    waiting.clear();
    for (const changeSignal of woken) changeSignal();
  }

  /** Announces the first change at once and those soon after it together: fifty decisions cause no fifty wake-ups. */
  function announce(): void {
    if (clock.monotonic() >= quietUntil) wakeAll();
    else if (!isOwed) {
      isOwed = true;
      void pause(clock, quietMs).then(() => {
        isOwed = false;
        wakeAll();
      });
    }
  }

  async function poll(): Promise<void> {
    if (polling) return;
    polling = true;
    while (waiting.size > 0 && db.$client.open) {
      await pause(clock, pollMs);
      if (!db.$client.open) break;
      const now = versionOr(last);
      if (now !== last) {
        last = now;
        announce();
      }
    }
    polling = false;
    wakeAll();
  }

  async function changed(limitMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    const over = new AbortController();
    const changeSignal = () => over.abort();
    waiting.add(changeSignal);
    void poll();
    await pause(clock, limitMs, signal ? AbortSignal.any([signal, over.signal]) : over.signal);
    waiting.delete(changeSignal);
  }

  return { changed, announce };
}
