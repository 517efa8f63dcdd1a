// Everything that runs in a demonstration: the simulators of Slack and CI in this process, the bot and the receiver of
// webhooks in others, and what the engine starts by itself. What is raised here is struck here, whatever failed in between.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Engine, hasCode, loadSettings, openEngine, type Settings, silentLog } from '@bg/engine';
import { buildManifest } from '../../apps/slack-bot/src/slack/manifest.ts';
import { layReleases } from '../sample-shop/build-releases.ts';
import { type Simulator, startSimulator } from '../simulator/index.ts';
import { type AppOptions, type AppProcess, startAppProcess } from './app-process.ts';
import { type Ci, startCi } from './ci.ts';
import { type DemoConfig, demoConfig } from './demo-config.ts';
import { makeLive } from './first-release.ts';
import type { Places } from './places.ts';

export interface StackOptions extends DemoConfig {
  readonly say: (sentence: string) => void;
  /** The environment, so that a real Slack token in it is noticed. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Versions that only CI has, which announces them through the receiver. Without them there is neither. */
  readonly fromCi?: readonly string[];
  /** Called with the apps' processes whenever one of them is started. */
  readonly appsStarted?: (pids: readonly (number | undefined)[]) => void;
}

export interface Stack {
  readonly simulator: Simulator;
  /** A separate view of the state that the bot controls. */
  readonly engine: Engine;
  readonly bot: AppProcess;
  readonly ci: Ci | undefined;
  readonly shop: string;
  /** Stops all that was started, slots and balancer included. Never rejects. */
  strike(): Promise<void>;
}

const appLimitMs = 30_000;
/** The lease of a dead controller lasts a few seconds, and until then its configuration counts. */
const leaseLimitMs = 12_000;

/** Resolves when a release is live and the bot answers. @throws after having struck what was up already. */
export async function raiseStack(options: StackOptions, signal: AbortSignal): Promise<Stack> {
  const endings: (() => unknown)[] = [];
  const strike = async (): Promise<void> => {
    for (const end of endings.splice(0).toReversed())
      await Promise.resolve()
        .then(end)
        .catch((thrown: unknown) => options.say(`While stopping: ${String(thrown)}`));
  };
  try {
    return { ...(await raise(options, endings, signal)), strike };
  } catch (thrown) {
    await strike();
    throw thrown;
  }
}

async function raise(
  options: StackOptions,
  endings: (() => unknown)[],
  signal: AbortSignal,
): Promise<Omit<Stack, 'strike'>> {
  const { places, ports, say, fromCi } = options;
  const secrets = {
    signingSecret: randomBytes(16).toString('hex'),
    botToken: `xoxb-simulator-${randomBytes(8).toString('hex')}`,
  };
  const simulator = await openWorkspace(options, secrets);
  endings.push(() => simulator.close());
  await layReleases(places.releases, fromCi);
  writeFileSync(places.config, demoConfig(options), { mode: 0o600 });
  const settings = loadSettings({ file: places.config, environment: {} });
  const engine = await openWhenFree(settings);
  endings.push(() => engine.close());
  endings.push(() => engine.teardown());
  const start = createStarter(options, endings);
  const bot = start('slack-bot', {
    port: ports.bot,
    logFile: places.botLog,
    variables: {
      SLACK_BOT_TOKEN: secrets.botToken,
      SLACK_SIGNING_SECRET: secrets.signingSecret,
      SLACK_API_URL: simulator.apiUrl,
    },
  });
  await bot.ready(appLimitMs);
  signal.throwIfAborted();
  const shop = `http://127.0.0.1:${ports.shop}`;
  await makeLive({ engine, shop, version: 'v1.0', say, signal });
  const ci = fromCi === undefined ? undefined : await raiseCi(options, endings, start);
  return { simulator, engine, bot, ci, shop };
}

type Starter = (app: AppOptions['app'], options: Pick<AppOptions, 'port' | 'logFile' | 'variables'>) => AppProcess;

/** Each app with the configuration; whenever one is started, the processes of all are reported. */
function createStarter({ places, say, appsStarted }: StackOptions, endings: (() => unknown)[]): Starter {
  const pids = new Map<string, number | undefined>();
  return (app, { port, logFile, variables }) => {
    const running = startAppProcess({
      app,
      port,
      logFile,
      say,
      started: (pid) => {
        pids.set(app, pid);
        appsStarted?.([...pids.values()]);
      },
      variables: { ...variables, PORT: String(port), BLUEGREEN_CONFIG: places.config },
    });
    endings.push(() => running.stop());
    return running;
  };
}

async function raiseCi({ places, ports }: StackOptions, endings: (() => unknown)[], start: Starter): Promise<Ci> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const receiver = start('webhook', {
    port: ports.hooks,
    logFile: places.hooksLog,
    variables: { WEBHOOK_SECRET: secret },
  });
  const hooks = `http://127.0.0.1:${ports.hooks}`;
  const ci = await startCi({ port: ports.ci, folder: places.built, hooks, secret });
  endings.push(() => ci.close());
  await receiver.ready(appLimitMs);
  return ci;
}

function openWorkspace(
  { places, ports, env }: StackOptions,
  { signingSecret, botToken }: { readonly signingSecret: string; readonly botToken: string },
): Promise<Simulator> {
  rmSync(places.journal, { force: true });
  const url = `http://127.0.0.1:${ports.bot}`;
  return startSimulator({
    port: ports.page,
    signingSecret,
    botToken,
    manifest: buildManifest({ url }),
    appUrl: `${url}/slack/events`,
    journal: places.journal,
    env,
  });
}

async function openWhenFree(settings: Settings): Promise<Engine> {
  for (const end = Date.now() + leaseLimitMs; ; await delay(250)) {
    try {
      return openEngine({ settings, log: silentLog, processName: 'demonstration' });
    } catch (thrown) {
      if (!hasCode(thrown, 'config-changed') || Date.now() > end) throw thrown;
    }
  }
}

/** Stops what a killed demonstration left running, by the configuration that it ran with. */
export async function clearLeftovers({ config, folder }: Places): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(config)) return;
  const engine = await openWhenFree(loadSettings({ file: config, environment: {} }));
  await engine.teardown();
  engine.close();
}
