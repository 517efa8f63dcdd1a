// One Slack workspace in memory behind one HTTP server on this machine.
import { createClock } from './clock.ts';
import type { Context } from './context.ts';
import { type Controls, createControls } from './controls.ts';
import { createDeliverer } from './deliver.ts';
import { createFaults } from './faults.ts';
import { createJournal } from './journal.ts';
import { checkManifest } from './manifest.ts';
import { checkAppUrl, checkOptions, type SimulatorOptions } from './options.ts';
import { createRateLimits } from './rate-limits.ts';
import { createResponseUrls } from './response-url.ts';
import { startServer } from './server.ts';
import { createSocketMode } from './socket-mode.ts';
import { createWorkspace } from './store.ts';
import { createTriggers } from './triggers.ts';

export interface Simulator extends Controls {
  /** The page, e.g. `http://127.0.0.1:40123`. */
  readonly url: string;
  /** For SLACK_API_URL; ends in `/api/`. */
  readonly apiUrl: string;
  close(): Promise<void>;
}

/**
 * Starts a workspace and resolves once it answers.
 * @throws SimulatorError `real-token`, `invalid-options` or `invalid-manifest` before anything listens
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  checkOptions(options);
  checkManifest(options.manifest);
  const appUrl = options.appUrl === undefined ? undefined : checkAppUrl(options.appUrl);
  let baseUrl = '';
  const context = createContext(options, () => baseUrl);
  context.deliverer.setAppUrl(appUrl);
  const controls = createControls(context);
  const server = await startServer({ context, controls, port: options.port ?? 0 });
  baseUrl = server.url;
  return {
    ...controls,
    url: baseUrl,
    apiUrl: `${baseUrl}/api/`,
    close: async () => {
      context.deliverer.close();
      context.sockets.close();
      await server.close();
      await context.journal.close();
    },
  };
}

function createContext(options: SimulatorOptions, baseUrl: () => string): Context {
  const clock = createClock();
  const workspace = createWorkspace(options, clock);
  const faults = createFaults();
  const journal = createJournal(workspace, options.journal);
  const sockets = createSocketMode(workspace, faults);
  const deliverer = createDeliverer({
    signingSecret: options.signingSecret,
    clock,
    faults,
    journal,
    sockets,
    socketModeEnabled: options.manifest.settings?.socket_mode_enabled === true,
    eventRetryScale: options.eventRetryScale ?? 1,
  });
  return {
    workspace,
    faults,
    rateLimits: options.rateLimits === true ? createRateLimits(clock) : undefined,
    journal,
    triggers: createTriggers(clock),
    responseUrls: createResponseUrls({ workspace, clock, journal, strict: options.strictReplaceOriginal ?? true }),
    sockets,
    deliverer,
    tokens: { bot: options.botToken, app: options.appToken },
    baseUrl,
  };
}
