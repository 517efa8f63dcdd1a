// Requests that proved nothing: counted by their source, and refused with a time to wait where there are too many. What
// is proved is never limited: a code host sends for all its users from the same addresses, so a user who makes it send
// rubbish must not be able to block the others.

import { createAllowance, type Engine, type Log, pause, systemClock } from '@bg/engine';

export interface Unauthenticated {
  /** One more from there; for how many seconds it must wait, 0 while it need not. */
  refuse(source: string, problem: string): number;
  /** For how many seconds this source must wait already. */
  wait(source: string): number;
  /** Writes down what was counted, every second until `stop` and once more then. */
  keep(stop: AbortSignal): Promise<void>;
}

const perSource = { burst: 60, perSecond: 1, mostSources: 10_000 };
/** Lines of the log, from all sources: unauthenticated senders must not fill the disk. */
const allLines = { burst: 100, perSecond: 5, mostSources: 1 };
const writeMs = 1000;
/** Between two writes; the engine has a separate limit per minute. */
const mostSources = 16;
const others = 'others';

export function createUnauthenticated(engine: Pick<Engine, 'countUnauthenticated'>, log: Log): Unauthenticated {
  const allowance = createAllowance(perSource);
  const lines = createAllowance(allLines);
  const counts = new Map<string, number>();

  function write(): void {
    for (const [source, count] of counts) {
      engine.countUnauthenticated('webhook', { source, count });
      counts.delete(source);
    }
  }

  return {
    refuse(source, problem) {
      const counted = counts.has(source) || counts.size < mostSources ? source : others;
      counts.set(counted, (counts.get(counted) ?? 0) + 1);
      const now = performance.now();
      const waitMs = allowance.spend(source, now);
      if (waitMs === 0 && lines.spend('', now) === 0)
        log.warn({ source, problem }, 'refused an unauthenticated request');
      return Math.ceil(waitMs / 1000);
    },
    wait: (source) => Math.ceil(allowance.wait(source, performance.now()) / 1000),
    async keep(stop) {
      while (!stop.aborted) {
        await pause(systemClock, writeMs, stop);
        try {
          write();
        } catch (err) {
          log.error(
            { err, sources: counts.size },
            'the counts of refused requests could not be stored; counting goes on',
          );
        }
      }
    },
  };
}
