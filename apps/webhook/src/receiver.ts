// The life of the process: listen, drive deployments in competition with the other processes, drain, end.

import type { AddressInfo } from 'node:net';
import { type Engine, type Log, messageOf, pause, systemClock } from '@bg/engine';
import { genericHook } from './hooks/generic.ts';
import { obey } from './obey.ts';
import type { ReceiverOptions } from './options.ts';
import { createServer } from './server.ts';
import { workOnInbox } from './work.ts';

export interface Running {
  readonly port: number;
  /** Resolves when the process may end: `true` in order, `false` after a fault, so that a service manager starts it again. */
  readonly ended: Promise<boolean>;
}

/** Requests in flight and the step that is being written get this long to end. */
const drainMs = 10_000;

export interface ReceiverParts {
  readonly engine: Engine;
  readonly log: Log;
  readonly options: Pick<ReceiverOptions, 'host' | 'port' | 'secrets'>;
  /** Aborts when the process is asked to end. */
  readonly stop: AbortSignal;
}

/** @throws when the address cannot be listened on */
export async function startReceiver({ engine, log, options, stop }: ReceiverParts): Promise<Running> {
  const server = createServer({ engine, hooks: [genericHook(options.secrets)], log });
  await server.listen({ host: options.host, port: options.port });
  const { port } = server.server.address() as AddressInfo;
  log.info({ host: options.host, port }, 'listening');

  /** False after a fault. */
  async function goesOn(what: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (thrown) {
      log.error({ err: thrown }, `${what} ended: ${messageOf(thrown)}`);
      return false;
    }
  }
  const works = [
    goesOn('driving', () => engine.drive(stop)),
    goesOn('telling', () => engine.tell(stop)),
    goesOn('working on the inbox', () =>
      workOnInbox({ engine, log, interpret: (delivery) => obey(engine, delivery) }, stop),
    ),
  ];
  const ended = Promise.race([...works, aborted(stop)]).then(async () => {
    log.info('draining');
    const drained = new AbortController();
    void Promise.allSettled([server.close(), stop.aborted ? Promise.all(works) : undefined]).then(() =>
      drained.abort(),
    );
    if (await pause(systemClock, drainMs, drained.signal)) log.warn({ drainMs }, 'not everything ended in time');
    server.server.closeAllConnections();
    return stop.aborted;
  });
  return { port, ended };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
