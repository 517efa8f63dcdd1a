// Workspaces and apps for the simulator's own tests: a hand-written app on node:http, and a real Bolt app.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { App, HTTPReceiver, LogLevel } from '@slack/bolt';
import { type AppManifest, type Simulator, type SimulatorOptions, startSimulator } from '../index.ts';

export const SIGNING_SECRET = 'simulator-signing-secret';
export const BOT_TOKEN = 'xoxb-simulator-test';
export const APP_TOKEN = 'xapp-simulator-test';

export const MANIFEST: AppManifest = {
  display_information: { name: 'Deploy Bot' },
  features: {
    app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
    bot_user: { display_name: 'deploybot' },
    slash_commands: [
      { command: '/deploy', description: 'Deploy a version', usage_hint: 'v2.1 [--canary 10]', should_escape: true },
      { command: '/rollback', description: 'Go back', usage_hint: '[version]' },
    ],
  },
  oauth_config: {
    scopes: {
      bot: [
        'commands',
        'chat:write',
        'channels:read',
        'channels:history',
        'users:read',
        'usergroups:read',
        'reactions:write',
        'files:write',
      ],
    },
  },
  settings: {
    event_subscriptions: { bot_events: ['app_home_opened', 'message.im'] },
    interactivity: { is_enabled: true },
    socket_mode_enabled: false,
  },
};

export function startWorkspace(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  return startSimulator({
    signingSecret: SIGNING_SECRET,
    botToken: BOT_TOKEN,
    appToken: APP_TOKEN,
    manifest: MANIFEST,
    eventRetryScale: 0,
    ...options,
  });
}

export interface Received {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly isSigned: boolean;
}

export interface TinyApp {
  readonly url: string;
  readonly received: Received[];
  close(): Promise<void>;
}

export interface TinyAnswer {
  readonly status?: number;
  readonly body?: string;
  readonly afterMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An app that checks signatures by itself, with nothing of the simulator's code, and sends the given answer. */
export async function startTinyApp(answer: (received: Received) => TinyAnswer = () => ({})): Promise<TinyApp> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const base = `v0:${request.headers['x-slack-request-timestamp']}:${body}`;
      const expected = `v0=${createHmac('sha256', SIGNING_SECRET).update(base).digest('hex')}`;
      const one = { headers: request.headers, body, isSigned: request.headers['x-slack-signature'] === expected };
      received.push(one);
      const { status = 200, body: text = '', afterMs = 0, headers = {} } = answer(one);
      setTimeout(() => response.writeHead(status, headers).end(text), afterMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export interface BoltApp {
  readonly app: App;
  stop(): Promise<void>;
}

/** A real Bolt app on a free port, with a client that neither retries nor waits out rate limits. */
export async function startBoltApp(simulator: Simulator, arm: (app: App) => void): Promise<BoltApp> {
  const receiver = new HTTPReceiver({ signingSecret: SIGNING_SECRET, logLevel: LogLevel.ERROR });
  const app = new App({
    token: BOT_TOKEN,
    receiver,
    logLevel: LogLevel.ERROR,
    deferInitialization: true,
    clientOptions: clientOptions(simulator),
  });
  arm(app);
  await app.init();
  const server = await app.start({ port: 0, host: '127.0.0.1' });
  const { port } = server.address() as AddressInfo;
  simulator.setAppUrl(`http://127.0.0.1:${port}/slack/events`);
  return {
    app,
    stop: async () => {
      await app.stop();
    },
  };
}

export function clientOptions(simulator: Simulator) {
  return { slackApiUrl: simulator.apiUrl, timeout: 5000, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true };
}

/** One call of the Web API as JSON, with the bot's token. */
export async function callApi(
  simulator: Simulator,
  method: string,
  args: object,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(simulator.apiUrl + method, {
    method: 'POST',
    headers: { authorization: `Bearer ${BOT_TOKEN}`, 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(args),
  });
  return (await response.json()) as Readonly<Record<string, unknown>>;
}

/** Looks again and again until there is an answer, for at most 15 seconds. */
export async function until<T>(look: () => T | undefined | false, timeoutMs = 60_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = look();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
