// An app as a separate process, started again when it dies: at once the first time, then after growing waits.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '@bg/engine';

export interface AppOptions {
  readonly app: App;
  /** What its environment holds besides PATH and HOME. */
  readonly variables: Readonly<Record<string, string>>;
  readonly port: number;
  readonly logFile: string;
  /** A sentence for people. */
  readonly say: (sentence: string) => void;
  /** Called with each new process. */
  readonly started?: (pid: number | undefined) => void;
}

/** The Slack bot, and the receiver of webhooks. */
type App = 'slack-bot' | 'webhook';

export interface AppProcess {
  pid(): number | undefined;
  /** Resolves once it takes requests. @throws Error with its last lines when it does not within `limitMs`. */
  ready(limitMs: number): Promise<void>;
  /** As a power cut would; it is started again. */
  kill(): void;
  stop(): Promise<void>;
}

const entryOf = (app: App): string => resolve(import.meta.dirname, `../../apps/${app}/src/main.ts`);
const names: Readonly<Record<App, string>> = { 'slack-bot': 'The Slack bot', webhook: 'The webhook receiver' };
const restart = { firstMs: 500, maxMs: 10_000 };
const maxDeathsInARow = 12;
/** After so long a life the waits begin again. */
const goodLifeMs = 30_000;
const graceMs = 7_000;

export function startAppProcess(options: AppOptions): AppProcess {
  const name = names[options.app];
  const over = new AbortController();
  let child: ChildProcess | undefined;
  let givenUp: string | undefined;

  async function keepRunning(): Promise<void> {
    let deaths = 0;
    while (!over.signal.aborted) {
      const bornAt = Date.now();
      child = spawnApp(options);
      options.started?.(child.pid);
      const how = await ended(child);
      if (over.signal.aborted) return;
      deaths = Date.now() - bornAt > goodLifeMs ? 1 : deaths + 1;
      if (deaths >= maxDeathsInARow) {
        givenUp = `${name} ended ${deaths} times in a row (${how}) and is not started again; see ${options.logFile}.`;
        return options.say(givenUp);
      }
      const waitMs = backoffMs(restart, deaths - 1);
      options.say(`${name} ended (${how}); it is started again in ${waitMs / 1_000} s.`);
      await delay(waitMs, undefined, { signal: over.signal }).catch(() => undefined);
    }
  }

  const running = keepRunning();

  async function ready(limitMs: number): Promise<void> {
    for (const end = Date.now() + limitMs; Date.now() < end && givenUp === undefined; await delay(50)) {
      if (over.signal.aborted || (await answers(options.port))) return;
    }
    throw new Error(`${givenUp ?? `${name} does not answer within ${limitMs / 1_000} s.`}\n${lastLines(options)}`);
  }

  async function stop(): Promise<void> {
    over.abort();
    child?.kill('SIGTERM');
    const late = setTimeout(() => child?.kill('SIGKILL'), graceMs);
    await running;
    clearTimeout(late);
  }

  return { pid: () => child?.pid, ready, kill: () => void child?.kill('SIGKILL'), stop };
}

function spawnApp({ app, variables, logFile }: AppOptions): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [entryOf(app)], {
    env: { PATH, HOME, ...variables },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return child;
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
}

async function answers(port: number): Promise<boolean> {
  const signal = AbortSignal.timeout(1_000);
  return fetch(`http://127.0.0.1:${port}/healthz`, { signal }).then(
    ({ ok }) => ok,
    () => false,
  );
}

function lastLines({ logFile }: AppOptions): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
}
