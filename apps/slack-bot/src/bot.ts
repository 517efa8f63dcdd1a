// The bot: the receiver of Slack's requests, the handlers, and what runs in the background while the process lives.

import { type Clock, type Engine, hasCode, type Log, messageOf, serveMetrics } from '@bg/engine';
import { App } from '@slack/bolt';
import { WebClient, type WebClientOptions } from '@slack/web-api';
import { runAnnouncer } from './announce/announcer.ts';
import { mentionFormatter } from './cards/people-formatter.ts';
import type { CommandKey } from './commands/table.ts';
import { registerHandlers } from './handlers.ts';
import { type ChannelReturns, createChannelReturns } from './outbox/channel-events.ts';
import { runSender } from './outbox/sender.ts';
import { connectSlack, type Identity, type Slack } from './slack/api.ts';
import { boltLogger } from './slack/bolt-log.ts';
import type { BotContext } from './slack/bot-context.ts';
import { type Egress, egressThrough } from './slack/egress.ts';
import type { BotEnvironment } from './slack/environment.ts';
import { createDrain, DeliveryRefused, lockedGuard, replayGuard } from './slack/guards.ts';
import { followHomes } from './slack/home.ts';
import { createHomes } from './slack/homes.ts';
import { keepIdentity } from './slack/identity.ts';
import { registeredWord } from './slack/manifest.ts';
import { createPeople } from './slack/people.ts';
import { createReceiver } from './slack/receiver.ts';
import { sameTeamOnly } from './slack/same-team.ts';

export interface BotOptions {
  readonly engine: Engine;
  readonly environment: BotEnvironment;
  readonly slack: Slack;
  /** Undefined when Slack could not be reached yet. */
  readonly identity: Identity | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Bot {
  /** Undefined in Socket Mode. */
  readonly port: number | undefined;
  /** Resolves when the state file was removed or replaced: this process can do nothing more, and should be started again. */
  readonly stateLost: Promise<void>;
  /** Takes no new request, finishes started ones (at most 10 s), stops the controller. */
  stop(): Promise<void>;
}

const drainLimitMs = 10_000;

/** A lost answer is retried by the outbox, never by the client: the client would post twice and hold up other methods. */
export function slackClientOptions({ apiUrl }: Pick<BotEnvironment, 'apiUrl'>, egress: Egress): WebClientOptions {
  return {
    slackApiUrl: apiUrl,
    timeout: 5000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    fetch: inTime(egress.fetch),
  };
}

/** Bolt answers through response URLs with this too, and sets no time limit there. */
const inTime =
  (ask: typeof fetch): typeof fetch =>
  (url, init) =>
    ask(url, { ...init, signal: init?.signal ?? AbortSignal.timeout(5000) });

export const slackFor = (environment: BotEnvironment, log: Log): Slack => connectSlack(webClientFor(environment, log));

export function webClientFor(environment: BotEnvironment, log: Log): WebClient {
  const egress = egressThrough(environment.proxy);
  return new WebClient(environment.token, { ...slackClientOptions(environment, egress), logger: boltLogger(log) });
}

/** @throws when the port cannot be had. */
export async function startBot(options: BotOptions): Promise<Bot> {
  const { engine, environment, clock, log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const egress = egressThrough(environment.proxy);
  const door = createReceiver({
    environment,
    clientOptions: slackClientOptions(environment, egress),
    dispatcher: egress.dispatcher,
    clock,
    log,
    onRejected: unauthenticatedCounter(engine, log),
  });
  const drain = createDrain(clock);
  const app = await createApp({ ...options, egress, door, drain, signal });
  const returns = createChannelReturns();
  const context = contextOf(options, returns);
  registerHandlers(app, context);
  const lost = Promise.withResolvers<void>();
  const background = Promise.allSettled([
    // First, since it throws at once when the configuration does not hold what it needs.
    engine.notify(signal),
    engine.drive(signal).catch((thrown: unknown) => {
      log.error({ problem: messageOf(thrown) }, 'does not drive deployments any more');
      if (hasCode(thrown, 'state-replaced')) lost.resolve();
    }),
    followHomes(context, signal),
    engine.withLease('slack', signal, async (held) => {
      await Promise.all([runAnnouncer({ engine, clock, log }, held), runSender({ ...options, returns }, held)]);
    }),
  ]);
  const giveUp = async (thrown: unknown) => {
    stopping.abort();
    await background;
    throw thrown;
  };
  const port = await door.open(signal).catch(giveUp);
  const metrics =
    environment.metrics && (await serveMetrics({ engine, address: environment.metrics, log }).catch(giveUp));
  const web = await servePage(options);
  return {
    port,
    stateLost: lost.promise,
    stop: async () => {
      const closed = door.close();
      if (!(await drain.finished(drainLimitMs))) log.warn('some handlers did not finish in time');
      stopping.abort();
      await background;
      await metrics?.close();
      await web?.close();
      await closed;
    },
  };
}

/** Deployments and Slack never depend on the page: without its token or its port, everything else works. */
async function servePage({ engine, log }: BotOptions): Promise<{ close(): Promise<void> } | undefined> {
  const { web: settings } = engine.settings;
  if (settings === undefined) return undefined;
  try {
    const { serveWeb } = await import('@bg/web');
    return await serveWeb({ engine, settings, log });
  } catch (thrown) {
    log.error({ problem: messageOf(thrown) }, 'the web page is not served');
    return undefined;
  }
}

/** Called by the HTTP server, where nothing may throw. Those that a locked state does not take are counted with the next. */
function unauthenticatedCounter(engine: Pick<Engine, 'countUnauthenticated'>, log: Log): () => void {
  let count = 0;
  return () => {
    count += 1;
    try {
      engine.countUnauthenticated('slack', { count });
      count = 0;
    } catch (thrown) {
      log.warn({ problem: messageOf(thrown), count }, 'refused requests could not be counted yet');
    }
  };
}

interface AppOptions extends BotOptions {
  readonly egress: Egress;
  readonly door: ReturnType<typeof createReceiver>;
  readonly drain: ReturnType<typeof createDrain>;
  readonly signal: AbortSignal;
}

async function createApp({
  engine,
  environment,
  slack,
  identity,
  clock,
  log,
  egress,
  door,
  drain,
  signal,
}: AppOptions): Promise<App> {
  const known = keepIdentity({ slack, first: identity, settings: engine.settings, clock, log, signal });
  const app = new App({
    // Bolt's check of the token would refuse all requests while Slack cannot be reached.
    authorize: async () => ({ botToken: environment.token, ...botOf(known.get()) }),
    receiver: door.receiver,
    logger: boltLogger(log),
    clientOptions: slackClientOptions(environment, egress),
    deferInitialization: true,
    convoStore: false,
  });
  app.use(drain.track);
  app.use(lockedGuard(engine, log));
  app.use(replayGuard(engine, clock, log));
  app.use(sameTeamOnly({ engine, slack, identity: known }));
  app.error(async (error) => {
    const cause = 'original' in error ? error.original : error;
    if (!(cause instanceof DeliveryRefused)) return log.error({ err: cause }, 'a request of Slack failed');
    log.warn({ problem: cause.message }, 'refused a request');
    // The receiver answers it with 401.
    throw cause;
  });
  await app.init();
  return app;
}

function botOf(identity: Identity | undefined): { readonly botId?: string; readonly botUserId?: string } {
  if (identity?.botId === undefined || identity.botUserId === undefined) return {};
  return { botId: identity.botId, botUserId: identity.botUserId };
}

function contextOf({ engine, slack, clock, log }: BotOptions, returns: ChannelReturns): BotContext {
  const { settings } = engine;
  const words: Readonly<Record<CommandKey, string>> = {
    deploy: registeredWord('deploy', settings.slack.commands),
    switch: registeredWord('switch', settings.slack.commands),
    rollback: registeredWord('rollback', settings.slack.commands),
    status: registeredWord('status', settings.slack.commands),
  };
  const people = createPeople({ settings, slack, clock, log });
  return {
    engine,
    slack,
    people,
    formatter: mentionFormatter(settings.people),
    clock,
    log,
    returns,
    homes: createHomes({ engine, clock, log }),
    words,
  };
}
