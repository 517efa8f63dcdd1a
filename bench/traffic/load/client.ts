// Program: all users of one run in a separate process; the process that forked it says when to begin and to stop.

import { createRecorder, maxRequests } from './records.ts';
import { openSecureLine } from './secure-wire.ts';
import { listenOn, talkOn } from './streams.ts';
import { askAfresh, askSlowly, type Crowd, keepAsking } from './users.ts';
import { type Line, openLine } from './wire.ts';

/** The messages to the process. */
export type Message =
  | { readonly kind: 'begin'; readonly load: LoadSize; readonly port: number }
  | { readonly kind: 'count' }
  | { readonly kind: 'stop' };

export interface LoadSize {
  readonly kept: number;
  /** Of keep-alive connections together, per second. */
  readonly keptPerSecond: number;
  readonly fresh: number;
  readonly freshPerSecond: number;
  readonly slow: number;
  readonly streams: number;
  readonly talks: number;
  /** Over TLS and HTTP/2 to a server with this certificate, in PEM. */
  readonly authority?: string;
}

const lifeLimitMs = 900_000;
const full = maxRequests - 10_000;

function begin(load: LoadSize, port: number): { end(): Promise<void>; readonly crowd: Crowd } {
  const over = new AbortController();
  const recorder = createRecorder();
  const { authority } = load;
  const open = (): Line => (authority === undefined ? openLine(port) : openSecureLine(port, authority));
  const crowd: Crowd = { port, open, recorder, over: over.signal };
  const users = Array.from({ length: load.kept }, (_, user) => user);
  const many = (count: number, one: (at: number) => Promise<void>) => Array.from({ length: count }, (_, at) => one(at));
  const all = [
    ...many(load.kept, (at) => keepAsking(crowd, at, (1_000 * load.kept) / load.keptPerSecond)),
    ...many(load.fresh, () => askAfresh(crowd, users, (1_000 * load.fresh) / load.freshPerSecond)),
    ...many(load.slow, (at) => askSlowly(crowd, at)),
    ...many(load.streams, () => listenOn(crowd)),
    ...many(load.talks, () => talkOn(crowd)),
  ];
  const guard = setInterval(() => {
    if (recorder.sent() > full) over.abort();
  }, 100);
  return {
    crowd,
    end: async () => {
      over.abort();
      clearInterval(guard);
      await Promise.all(all);
    },
  };
}

let running: ReturnType<typeof begin> | undefined;

process.on('message', (told: Message) => {
  if (told.kind === 'begin') running = begin(told.load, told.port);
  if (told.kind === 'count') process.send?.({ kind: 'count', sent: running?.crowd.recorder.sent() ?? 0 });
  if (told.kind === 'stop')
    void running?.end().then(() => {
      process.send?.({ kind: 'report', report: running?.crowd.recorder.report() }, () => process.disconnect());
    });
});
process.once('disconnect', () => process.exit());
setTimeout(() => process.exit(1), lifeLimitMs).unref();
