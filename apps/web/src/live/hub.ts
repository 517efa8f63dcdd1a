// Live updates: one reader of the state for all clients. It draws each part of a page that is looked at once per change.

import { randomBytes } from 'node:crypto';
import { type Engine, type Log, messageOf, pause, systemClock } from '@bg/engine';
import type { Html } from '../html.ts';
import { type Client, createClient, type Part, type Sink } from './client.ts';

export interface Hub {
  /** Undefined where there are too many clients. `lastId`: what the browser had when its connection broke. */
  join(sink: Sink, keys: readonly string[], lastId: string | undefined): (() => void) | undefined;
  readonly clients: () => number;
  /** Ends all connections, and the reader. */
  close(): Promise<void>;
}

interface HubOptions {
  readonly engine: Pick<Engine, 'changed' | 'controllerAlive' | 'lookNow'>;
  /** The parts of pages that were asked for, as they are now. Those that do not exist are left out. */
  readonly draw: (keys: ReadonlySet<string>) => ReadonlyMap<string, Html>;
  readonly log: Log;
  readonly limits?: Partial<HubLimits>;
}

export interface HubLimits {
  readonly mostClients: number;
  /** Between two readings of the state at least: a busy deployment writes many times a second. */
  readonly calmMs: number;
  /** At most so long without a reading. */
  readonly readMs: number;
  readonly heartbeatMs: number;
  /** A client that takes nothing for so long is disconnected. */
  readonly stuckMs: number;
}

const usual: HubLimits = { mostClients: 100, calmMs: 500, readMs: 5_000, heartbeatMs: 15_000, stuckMs: 30_000 };
const mostKeys = 50;

export function createHub({ engine, draw, log, limits = {} }: HubOptions): Hub {
  const { mostClients, calmMs, readMs, heartbeatMs, stuckMs } = { ...usual, ...limits };
  // Numbers of an earlier process mean nothing here.
  const epoch = randomBytes(6).toString('hex');
  const clients = new Set<Client>();
  const parts = new Map<string, Part>();
  const over = new AbortController();
  let number = 0;
  let arrival = Promise.withResolvers<void>();

  async function look(): Promise<void> {
    if (over.signal.aborted) return;
    // Where nothing drives, nothing else looks at processes and health.
    if (!engine.controllerAlive()) await engine.lookNow(over.signal);
    const keys = new Set([...clients].flatMap((client) => [...client.keys]));
    for (const key of parts.keys()) if (!keys.has(key)) parts.delete(key);
    for (const [key, { markup }] of draw(keys)) {
      if (parts.get(key)?.markup === markup) continue;
      number += 1;
      parts.set(key, { markup, number });
    }
    for (const client of clients) client.offer();
  }

  /** Until something has changed, a reader comes, or a while has passed. */
  async function rest(): Promise<void> {
    if (!(await pause(systemClock, calmMs, over.signal))) return;
    const changed = engine.changed(Math.min(readMs, heartbeatMs), over.signal).catch(() => undefined);
    await Promise.race([changed, arrival.promise]);
  }

  async function keepReading(): Promise<void> {
    let beatAt = systemClock.monotonic();
    while (!over.signal.aborted) {
      if (clients.size === 0) await arrival.promise;
      arrival = Promise.withResolvers();
      await look().catch((thrown: unknown) => {
        if (!over.signal.aborted) log.warn({ problem: messageOf(thrown) }, 'the web page could not read the state');
      });
      const isDue = systemClock.monotonic() - beatAt >= heartbeatMs;
      if (isDue) beatAt = systemClock.monotonic();
      for (const client of clients) {
        if (isDue) client.beat();
        client.dropIfStuck(stuckMs);
      }
      await rest();
    }
  }
  const reading = keepReading();

  return {
    clients: () => clients.size,
    join(sink, keys, lastId) {
      if (clients.size >= mostClients || over.signal.aborted) return undefined;
      const seen = seenUpTo(lastId, epoch);
      const client = createClient({ sink, keys: new Set(keys.slice(0, mostKeys)), epoch, seen, parts });
      clients.add(client);
      arrival.resolve();
      return () => void clients.delete(client);
    },
    async close() {
      over.abort();
      arrival.resolve();
      for (const client of clients) client.end();
      await reading;
    },
  };
}

/** 0 for a browser that comes for the first time, and for one that was connected to another process. */
function seenUpTo(lastId: string | undefined, epoch: string): number {
  const [of, number] = lastId?.split('.') ?? [];
  return of === epoch && /^\d{1,15}$/.test(number ?? '') ? Number(number) : 0;
}
