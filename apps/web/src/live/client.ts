// One connection of live updates: it gets the newest form of each part that it has not seen, no faster than it reads.

import { systemClock } from '@bg/engine';

/** A client's side of the connection; `ServerResponse` is one. */
export interface Sink {
  /** False: no more until `drain`. */
  write(text: string): boolean;
  once(event: 'drain', listener: () => void): unknown;
  end(): void;
  destroy(): void;
}

export interface Part {
  readonly markup: string;
  /** Grows with every change of any part. */
  readonly number: number;
}

export interface Client {
  readonly keys: ReadonlySet<string>;
  /** Sends what is new to it, or waits until it has read what it was sent before. */
  offer(): void;
  beat(): void;
  /** Disconnects it when it has taken nothing for so long. */
  dropIfStuck(stuckMs: number): void;
  end(): void;
}

interface ClientOptions {
  readonly sink: Sink;
  readonly keys: ReadonlySet<string>;
  readonly epoch: string;
  /** Number of the newest part that its browser has. */
  readonly seen: number;
  readonly parts: ReadonlyMap<string, Part>;
}

export function createClient({ sink, keys, epoch, seen, parts }: ClientOptions): Client {
  let sent = seen;
  let blockedSince: number | undefined;

  function offer(): void {
    if (blockedSince !== undefined) return;
    const news = [...parts]
      .filter(([key, { number }]) => number > sent && keys.has(key))
      .toSorted(([, one], [, other]) => one.number - other.number);
    const last = news.at(-1)?.[1].number;
    if (last === undefined) return;
    sent = last;
    write(news.map(([key, { number, markup }]) => event(`${epoch}.${number}`, { key, html: markup })).join(''));
  }

  function write(text: string): void {
    if (sink.write(text)) return;
    blockedSince = systemClock.monotonic();
    sink.once('drain', () => {
      blockedSince = undefined;
      offer();
    });
  }

  write('retry: 2000\n\n');
  return {
    keys,
    offer,
    beat: () => {
      if (blockedSince === undefined) write(': beat\n\n');
    },
    dropIfStuck: (stuckMs) => {
      if (blockedSince !== undefined && systemClock.monotonic() - blockedSince > stuckMs) sink.destroy();
    },
    end: () => sink.end(),
  };
}

const event = (id: string, data: unknown): string => `id: ${id}\nevent: part\ndata: ${JSON.stringify(data)}\n\n`;
