// A whole stage for tests of the bot: a Slack workspace, a real engine with real processes, and the bot between them.

import { type Engine, openEngine, type Settings, silentLog, systemClock } from '@bg/engine';
import { type Stage, type StageOptions, setStage } from '../../../../test/support/stage.ts';
import {
  type SeenMessage,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../../../tools/simulator/index.ts';
import { type Bot, slackFor, startBot } from '../bot.ts';
import type { BotEnvironment } from '../slack/environment.ts';
import { checkToken } from '../slack/identity.ts';
import { buildManifest, eventsPath } from '../slack/manifest.ts';
import type { TestProxy } from './proxy.ts';

export const signingSecret = 'simulator-signing-secret';
export const botToken = 'xoxb-simulator-test';
export const appToken = 'xapp-simulator-test';
export const channel = 'C0DEPLOYS';
export const [alice, bob, eve] = ['U0ALICE', 'U0BOB', 'U0EVE'] as const;

export interface Workspace {
  readonly stage: Stage;
  readonly engine: Engine;
  readonly settings: Settings;
  readonly slack: Simulator;
  readonly environment: BotEnvironment;
  readonly bot: Bot;
  /** Where the bot takes Slack's requests. */
  readonly url: string;
  /** Ends the bot as SIGTERM would, and starts another on the same state, with the settings that `meanwhile` gives. */
  restart(meanwhile?: () => Promise<Settings | undefined>): Promise<void>;
  strike(): Promise<void>;
}

export interface WorkspaceOptions extends StageOptions {
  readonly simulator?: Partial<SimulatorOptions>;
  readonly socketMode?: boolean;
  /** The bot reaches Slack only through it. */
  readonly proxy?: TestProxy;
}

export async function setWorkspace({
  simulator,
  socketMode = false,
  proxy,
  ...options
}: WorkspaceOptions = {}): Promise<Workspace> {
  const stage = await setStage(options);
  const manifest = buildManifest(socketMode ? { socketMode } : { url: 'http://127.0.0.1:3000' });
  const slack = await startSimulator({
    signingSecret,
    botToken,
    appToken,
    manifest,
    eventRetryScale: 0,
    rateLimits: true,
    ...simulator,
  });
  const environment: BotEnvironment = {
    token: botToken,
    signingSecret,
    appToken: socketMode ? appToken : undefined,
    apiUrl: proxy?.hide(slack.apiUrl) ?? slack.apiUrl,
    port: 0,
    host: '127.0.0.1',
    configFile: stage.settings.file,
    logLevel: 'silent',
    proxy: proxy && { httpProxy: proxy.url, httpsProxy: proxy.url, noProxy: '' },
  };
  let { settings } = stage;
  let running = await run(settings, slack, environment);
  return {
    stage,
    get settings() {
      return settings;
    },
    slack,
    environment,
    get engine() {
      return running.engine;
    },
    get bot() {
      return running.bot;
    },
    get url() {
      return running.url;
    },
    restart: async (meanwhile) => {
      await running.stop();
      settings = (await meanwhile?.()) ?? settings;
      running = await run(settings, slack, environment);
    },
    strike: async () => {
      await running.stop();
      await stage.strike();
      await slack.close();
    },
  };
}

async function run(settings: Settings, simulator: Simulator, environment: BotEnvironment) {
  const engine = openEngine({ settings, log: silentLog, processName: 'slack-bot' });
  const slack = slackFor(environment, silentLog);
  const checked = await checkToken(slack);
  const identity = checked.kind === 'good' ? checked.identity : undefined;
  const bot = await startBot({ engine, environment, slack, identity, clock: systemClock, log: silentLog });
  const url = `http://127.0.0.1:${bot.port}${eventsPath}`;
  if (bot.port !== undefined) simulator.setAppUrl(url);
  const stop = async (): Promise<void> => {
    await bot.stop();
    engine.close();
  };
  return { engine, bot, url, stop };
}

/** Public messages at the top of the channel: the cards and the notes. */
export function cards(messages: readonly SeenMessage[]): readonly SeenMessage[] {
  return messages.filter(
    (message) => !message.isEphemeral && message.channel === channel && message.threadTs === undefined,
  );
}

export const textOf = (message: SeenMessage): string => `${message.text}\n${JSON.stringify(message.blocks ?? [])}`;

/** A button of the message, by its action. */
export function buttonOn(message: SeenMessage, action: string): { readonly value: string } | undefined {
  const blocks = (message.blocks ?? []) as readonly {
    readonly elements?: readonly { readonly action_id?: string; readonly value?: string }[];
  }[];
  const found = blocks
    .flatMap(({ elements }) => elements ?? [])
    .find(({ action_id }) => action_id === `deploy.${action}`);
  return found?.value === undefined ? undefined : { value: found.value };
}

/** Waits for the one card whose text fits. */
export function cardWith(slack: Simulator, pattern: RegExp, timeoutMs = 60_000): Promise<SeenMessage> {
  return slack.waitFor((messages) => cards(messages).find((message) => pattern.test(message.text)), { timeoutMs });
}

/** Waits for something that only this person sees. */
export function whispered(slack: Simulator, user: string, pattern: RegExp, timeoutMs = 60_000): Promise<SeenMessage> {
  return slack.waitFor((messages) => messages.find((message) => message.isEphemeral && pattern.test(textOf(message))), {
    timeoutMs,
    user,
    channel,
  });
}
