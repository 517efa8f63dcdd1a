// The life of the process: listen, drive deployments in competition with the other processes, drain, end.

import type { AddressInfo } from 'node:net';
import { type Engine, type Log, messageOf, pause, serveMetrics, systemClock } from '@bg/engine';
import { bitbucketHook } from './hooks/bitbucket.ts';
import { cdeventsHook } from './hooks/cdevents.ts';
import { genericHook } from './hooks/generic.ts';
import { githubHook } from './hooks/github.ts';
import { gitlabHook } from './hooks/gitlab.ts';
import type { Hook } from './hooks/hook.ts';
import { monitoringHooks } from './hooks/monitoring/hooks.ts';
import { createInterpret } from './interpret.ts';
import type { ReceiverOptions } from './options.ts';
import type { HookSecrets } from './secrets-options.ts';
import { createServer } from './server.ts';
import { createUnauthenticated } from './unauthenticated.ts';
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
  readonly options: Pick<ReceiverOptions, 'host' | 'port' | 'secrets' | 'trustedProxies'> &
    Partial<Pick<ReceiverOptions, 'metrics'>>;
  /** Aborts when the process is asked to end. */
  readonly stop: AbortSignal;
}

/** @throws when the address cannot be listened on */
export async function startReceiver({ engine, log, options, stop }: ReceiverParts): Promise<Running> {
  const { secrets } = options;
  const hooks = [...hooksOf(secrets), ...monitoringHooks(engine.settings.monitoring, secrets.monitoring, log)];
  const unauthenticated = createUnauthenticated(engine, log);
  const server = createServer({ engine, hooks, unauthenticated, trustedProxies: options.trustedProxies, log });
  await server.listen({ host: options.host, port: options.port });
  const { port } = server.server.address() as AddressInfo;
  const metrics = options.metrics && (await serveMetrics({ engine, address: options.metrics, log }));
  log.info({ host: options.host, port, hooks: hooks.map(({ name }) => name) }, 'listening');

  // One that failed takes the others with it, so that the process really ends.
  const over = new AbortController();
  const until = AbortSignal.any([stop, over.signal]);

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
    goesOn('driving', () => engine.drive(until)),
    // Without any person to notify it ends at once; that ends nothing else.
    goesOn('notifying', () => engine.notify(until).then(() => aborted(until))),
    goesOn('counting unauthenticated requests', () => unauthenticated.keep(until)),
    goesOn('working on the inbox', () => workOnInbox({ engine, log, interpret: createInterpret(engine) }, until)),
  ];
  const ended = Promise.race([...works, aborted(stop)]).then(async () => {
    log.info('draining');
    over.abort();
    const drained = new AbortController();
    void Promise.allSettled([server.close(), metrics?.close(), ...works]).then(() => drained.abort());
    if (await pause(systemClock, drainMs, drained.signal)) log.warn({ drainMs }, 'not everything ended in time');
    server.server.closeAllConnections();
    return stop.aborted;
  });
  return { port, ended };
}

/** A hook without a secret would trust every sender: it is not served. */
function hooksOf({ generic, github, gitlab, bitbucket, cdevents }: HookSecrets): readonly Hook[] {
  const served: readonly (readonly [hook: Hook, secrets: number])[] = [
    [genericHook(generic), generic.length],
    [githubHook(github), github.length],
    [gitlabHook(gitlab), gitlab.tokens.length + gitlab.keys.length],
    [bitbucketHook(bitbucket), bitbucket.length],
    [cdeventsHook(cdevents), cdevents.tokens.length + cdevents.keys.length],
  ];
  return served.filter(([, secrets]) => secrets > 0).map(([hook]) => hook);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
