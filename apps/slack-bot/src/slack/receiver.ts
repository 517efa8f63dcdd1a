// How Slack reaches the bot: signed HTTP requests, or a WebSocket that the bot opens (Socket Mode).

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { backoffMs, type Clock, type Log } from '@bg/engine';
import { HTTPReceiver, type ReceiverProcessEventErrorHandlerArgs, SocketModeReceiver } from '@slack/bolt';
import { WebAPIRateLimitedError, type WebClientOptions } from '@slack/web-api';
import { boltLogger } from './bolt-log.ts';
import type { Egress } from './egress.ts';
import type { BotEnvironment } from './environment.ts';
import { type DeliveryProof, DeliveryRefused } from './guards.ts';
import { eventsPath } from './manifest.ts';

export interface Receiver {
  readonly receiver: HTTPReceiver | SocketModeReceiver;
  /** Resolves with the port listened on; undefined in Socket Mode. @throws when the port cannot be had. */
  open(signal: AbortSignal): Promise<number | undefined>;
  /** Takes nothing new. */
  close(): Promise<void>;
}

export interface ReceiverOptions {
  readonly environment: BotEnvironment;
  readonly clientOptions: WebClientOptions;
  /** The way out for sockets; undefined: straight to Slack. */
  readonly dispatcher: Egress['dispatcher'];
  readonly clock: Clock;
  readonly log: Log;
  /** A request was rejected because it is not proved to be Slack's. */
  readonly onRejected: () => void;
}

export function createReceiver(options: ReceiverOptions): Receiver {
  const { appToken, signingSecret } = options.environment;
  if (appToken !== undefined) return socketReceiver(options, appToken);
  return httpReceiver(options, signingSecret ?? '');
}

const keepAliveMs = 75_000;
const ackLimitMs = 2500;
const maxBodyBytes = 1 << 20;

function httpReceiver({ environment, clock, log, onRejected }: ReceiverOptions, signingSecret: string): Receiver {
  const limit = createRefusalLimit(clock);
  const receiver = new HTTPReceiver({
    signingSecret,
    endpoints: [eventsPath],
    logger: boltLogger(log, limit.mayLog),
    bodyLimit: maxBodyBytes,
    unhandledRequestTimeoutMillis: ackLimitMs,
    unhandledRequestHandler: ({ response }) => {
      if (response.headersSent) return;
      log.error('a request of Slack was not acknowledged in time');
      response.writeHead(404).end();
    },
    customPropertiesExtractor: ({ headers }) => ({ delivery: proofOf(headers) }),
    processEventErrorHandler: refuseDelivery,
    customRoutes: [
      { path: '/healthz', method: 'GET', handler: (_, response) => void response.writeHead(200).end('ok\n') },
    ],
  });
  const { requestListener } = receiver;
  receiver.requestListener = (request, response) => {
    limitRefusals(response, limit);
    return requestListener(request, response);
  };
  let server: Server | undefined;
  return {
    receiver,
    open: async () => {
      server = (await receiver.start({ port: environment.port, host: environment.host })) as Server;
      server.keepAliveTimeout = keepAliveMs;
      server.requestTimeout = 10_000;
      server.on('request', (request, response) => watch(request, response, onRejected));
      const address = server.address();
      return typeof address === 'object' ? address?.port : undefined;
    },
    close: async () => {
      if (server === undefined) return;
      const closed = receiver.stop();
      server.closeIdleConnections();
      await closed;
    },
  };
}

/** Requests that are not proved to be Slack's: how many get an answer, and how many get a line in the log. Proved ones are never limited. */
interface RefusalLimit {
  /** One more; for how many seconds it is to wait, 0 while it need not. */
  waitSeconds(): number;
  /** Whether a line about one may still be written. */
  mayLog(): boolean;
}

const answers = { burst: 60, perSecond: 5 };
const lines = { burst: 100, perSecond: 5 };

function createRefusalLimit(clock: Clock): RefusalLimit {
  const [answered, logged] = [createBucket(answers, clock), createBucket(lines, clock)];
  return {
    waitSeconds: () => (answered() ? 0 : 1),
    mayLog: logged,
  };
}

/** True while there is something left in it. */
function createBucket({ burst, perSecond }: typeof answers, clock: Clock): () => boolean {
  let left = burst;
  let at = clock.monotonic();
  return () => {
    const now = clock.monotonic();
    left = Math.min(burst, left + ((now - at) / 1_000) * perSecond);
    at = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}

/** Bolt refuses after it has checked the proof: only a request without one gets 429. */
function limitRefusals(response: ServerResponse, limit: RefusalLimit): void {
  const writeHead = response.writeHead.bind(response) as (status: number, ...rest: unknown[]) => ServerResponse;
  response.writeHead = ((status: number, ...rest: unknown[]) => {
    const waitSeconds = status === 401 || status === 413 ? limit.waitSeconds() : 0;
    if (waitSeconds === 0) return writeHead(status, ...rest);
    return writeHead(429, { 'retry-after': String(waitSeconds) });
  }) as ServerResponse['writeHead'];
}

function watch(request: IncomingMessage, response: ServerResponse, onRejected: () => void): void {
  response.once('finish', () => [401, 429].includes(response.statusCode) && onRejected());
  // Bolt answers 413 without reading on, and the next request on the same connection would wait behind what is left.
  const length = request.headers['content-length'];
  if (length === undefined || Number(length) > maxBodyBytes) response.shouldKeepAlive = false;
}

function proofOf(headers: Readonly<Record<string, string | string[] | undefined>>): DeliveryProof {
  return {
    signature: String(headers['x-slack-signature']),
    timestamp: Number(headers['x-slack-request-timestamp']),
  };
}

/** True means for Bolt that the request has its answer. */
async function refuseDelivery({ error, response }: ReceiverProcessEventErrorHandlerArgs): Promise<boolean> {
  if (response.headersSent) return false;
  const refused =
    error instanceof DeliveryRefused || ('original' in error && error.original instanceof DeliveryRefused);
  response.writeHead(refused ? 401 : 500).end();
  return true;
}

const reconnect = { firstMs: 250, maxMs: 60_000 };
const calmMs = 60_000;

/**
 * Bolt's own reconnect closes first and then waits; Slack asks for a reconnect every few hours, and a command in that
 * hole fails for its user. Here the next connection is opened at once, and waits grow until one has lived a minute.
 */
function socketReceiver({ clientOptions, dispatcher, clock, log }: ReceiverOptions, appToken: string): Receiver {
  const receiver = new SocketModeReceiver({
    appToken,
    logger: boltLogger(log),
    ...(dispatcher === undefined ? {} : { dispatcher }),
    autoReconnectEnabled: false,
    installerOptions: { clientOptions: { ...clientOptions } },
    customPropertiesExtractor: ({ envelope_id }: { readonly envelope_id?: string }) => ({
      delivery: { envelopeId: envelope_id } satisfies DeliveryProof,
    }),
  });

  const closing = new AbortController();

  /** Resolves when the connection is over. @throws when none could be opened. */
  async function connectOnce(): Promise<void> {
    let ended = (): void => {};
    const over = new Promise<void>((resolve) => {
      ended = resolve;
    });
    receiver.client.once('disconnected', ended);
    try {
      await receiver.start();
      log.info('connected to Slack in Socket Mode');
      await over;
    } finally {
      receiver.client.off('disconnected', ended);
    }
  }

  async function stayConnected(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const startedAt = clock.now();
      const problem = await connectOnce().then(
        () => undefined,
        (thrown: unknown) => thrown ?? new Error('the connection was closed'),
      );
      if (signal.aborted) return;
      // A connection that lived was fine; Slack may also greet and close at once (too_many_websockets).
      if (problem === undefined && clock.now() - startedAt >= calmMs) failures = 0;
      const isFirst = problem === undefined && failures === 0;
      const waitMs = isFirst ? 0 : backoffMs(reconnect, Math.max(0, failures - 1));
      const retryMs = Math.max(waitMs, askedWaitMs(problem));
      if (problem === undefined)
        log.info({ retryMs }, 'Slack closed the Socket Mode connection; the bot opens the next one');
      else log.warn({ problem: String(problem), retryMs }, 'cannot connect to Slack in Socket Mode');
      if (retryMs > 0) await clock.sleep(retryMs, signal).catch(() => {});
      failures += 1;
    }
  }

  return {
    receiver,
    open: async (signal) => {
      void stayConnected(AbortSignal.any([signal, closing.signal]));
      return undefined;
    },
    close: async () => {
      closing.abort();
      await receiver.stop();
    },
  };
}

/** Slack's Retry-After on `apps.connections.open`. */
const askedWaitMs = (problem: unknown): number =>
  problem instanceof WebAPIRateLimitedError ? problem.retryAfter * 1000 : 0;
