// The Slack bot's process: reads the environment, opens the engine, serves Slack and runs the controller.

import { resolve } from 'node:path';
import {
  BlueGreenError,
  createLog,
  type Engine,
  keepFilesPrivate,
  type Log,
  loadSettings,
  openEngine,
  type Settings,
  systemClock,
  withSecretFiles,
} from '@bg/engine';
import { type Bot, slackFor, startBot, webClientFor } from './bot.ts';
import { checkMain } from './check-main.ts';
import type { Identity, Slack } from './slack/api.ts';
import { checkSlack } from './slack/check.ts';
import { type BotEnvironment, readEnvironment } from './slack/environment.ts';
import { checkToken } from './slack/identity.ts';

/** Ends the process before it has begun, with sentences for people. */
class CannotStart extends Error {}

const stopLimitMs = 30_000;

async function main(): Promise<void> {
  keepFilesPrivate();
  const variables = withSecretFiles(process.env);
  const environment = readOrGiveUp(variables);
  const log = createLog({ name: 'slack-bot', level: environment.logLevel, terminal: process.stderr.isTTY === true });
  const slack = slackFor(environment, log);
  const settings = loadSettings({ file: resolve(environment.configFile), environment: variables });
  for (const warning of settings.warnings) log.warn(warning);
  const engine = openEngine({ settings, log, processName: 'slack-bot' });
  const identity = await identifyBot({ slack, engine, log }).catch((thrown: unknown) => {
    engine.close();
    throw thrown;
  });
  const bot = await startBot({ engine, environment, slack, identity, clock: systemClock, log }).catch(
    (thrown: unknown) => {
      engine.close();
      throw asStartProblem(thrown, environment);
    },
  );
  const socketMode = bot.port === undefined;
  const connecting = socketMode ? '; it opens its connection to Slack now' : '';
  log.info({ port: bot.port, host: environment.host, socketMode }, `the Slack bot is ready${connecting}`);
  stopOnSignal(bot, engine, log);
  await reportProblems(environment, settings, log).catch((thrown: unknown) =>
    log.warn({ problem: String(thrown) }, 'could not check what Slack lets the bot do'),
  );
}

/** What would be found out by the first approver at night otherwise. */
async function reportProblems(environment: BotEnvironment, settings: Settings, log: Log): Promise<void> {
  const findings = await checkSlack({ client: webClientFor(environment, log), socketClient: undefined, settings });
  for (const { what, state, sentence, help } of findings)
    if (state === 'bad')
      log.error({ what, problem: sentence, help }, 'Slack does not let the bot do all that is configured');
}

function readOrGiveUp(variables: ReturnType<typeof withSecretFiles>): BotEnvironment {
  const read = readEnvironment(variables);
  if (!read.ok)
    throw new CannotStart(
      `The Slack bot cannot start:\n${read.problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
  return read.environment;
}

interface Asking {
  readonly slack: Slack;
  readonly engine: Pick<Engine, 'status'>;
  readonly log: Log;
}

/** Whose workspace the token is of. Deployments never depend on Slack, so a refused token ends only a fresh set-up. */
async function identifyBot({ slack, engine, log }: Asking): Promise<Identity | undefined> {
  const checked = await checkToken(slack);
  switch (checked.kind) {
    case 'good':
      return checked.identity;
    case 'bad':
      if (isFresh(engine)) throw new CannotStart(checked.sentence);
      log.error({ problem: checked.sentence }, 'Slack refuses the token; deployments are driven all the same');
      return undefined;
    case 'unreachable':
      log.warn({ problem: checked.sentence }, 'Slack cannot be reached; deployments are driven all the same');
      return undefined;
    default:
      return checked satisfies never;
  }
}

/** Nothing was ever deployed, so there is nothing to drive. */
const isFresh = (engine: Pick<Engine, 'status'>): boolean =>
  engine.status().targets.every(({ live, last, routing }) => (live ?? last ?? routing.active) === undefined);

function asStartProblem(thrown: unknown, { host, port, metrics }: BotEnvironment): unknown {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  const refused = thrown instanceof Error && 'port' in thrown ? thrown.port : undefined;
  if (typeof code === 'string' && metrics !== undefined && refused === metrics.port)
    return new CannotStart(
      `Cannot serve /metrics on ${metrics.host} port ${metrics.port} (${code}): set METRICS_HOST and METRICS_PORT.`,
    );
  if (code === 'EADDRINUSE')
    return new CannotStart(`Port ${port} on ${host} is in use: stop the other process, or set PORT.`);
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
    return new CannotStart(`Cannot listen on ${host} port ${port} (${code}): set HOST and PORT.`);
  return thrown;
}

function stopOnSignal(bot: Bot, engine: Engine, log: Log): void {
  let stopping = false;
  const stop = (name: string, exitCode = 0): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal: name }, 'stopping; what serves users goes on');
    const late = setTimeout(() => process.exit(1), stopLimitMs);
    late.unref();
    bot
      .stop()
      .catch((thrown: unknown) => log.error({ err: thrown }, 'did not stop cleanly'))
      .finally(() => {
        engine.close();
        log.info('stopped');
        process.exitCode = exitCode;
      });
  };
  process.once('SIGTERM', (name) => stop(name));
  process.once('SIGINT', (name) => stop(name));
  // A service manager starts it again, on the present file.
  void bot.stateLost.then(() => stop('state-replaced', 1));
}

const [verb, ...args] = process.argv.slice(2);
const run = verb === 'check' ? async () => process.exit(await checkMain(args)) : main;

run().catch((thrown: unknown) => {
  console.error(thrown instanceof CannotStart ? thrown.message : faultText(thrown));
  process.exit(1);
});

function faultText(thrown: unknown): string {
  if (thrown instanceof BlueGreenError) return `The Slack bot cannot start: ${thrown.message}\n${thrown.help}`;
  return `The Slack bot cannot start: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`;
}
