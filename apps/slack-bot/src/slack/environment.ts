// The environment of the process: checked at once, every problem named, no secret repeated.

import { type MetricsAddress, readMetricsAddress } from '@bg/engine';
import type { EgressProxy } from './egress.ts';

export interface BotEnvironment {
  readonly token: string;
  /** Undefined in Socket Mode, where Slack signs nothing. */
  readonly signingSecret: string | undefined;
  /** Set for Socket Mode. */
  readonly appToken: string | undefined;
  readonly apiUrl: string;
  readonly port: number;
  /** 127.0.0.1 unless HOST says otherwise: behind a reverse proxy nothing else should reach the bot. */
  readonly host: string;
  readonly configFile: string;
  readonly logLevel: string;
  /** Undefined: straight to Slack. */
  readonly proxy?: EgressProxy | undefined;
  /** Where `/metrics` is served; undefined: nowhere. */
  readonly metrics?: MetricsAddress | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

export type EnvironmentResult =
  | { readonly ok: true; readonly environment: BotEnvironment }
  | { readonly ok: false; readonly problems: readonly string[] };

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

export function readEnvironment(variables: Variables): EnvironmentResult {
  const problems: string[] = [];
  const text = (name: string): string | undefined => variables[name]?.trim() || undefined;
  const token = text('SLACK_BOT_TOKEN');
  const appToken = text('SLACK_APP_TOKEN');
  const signingSecret = text('SLACK_SIGNING_SECRET');
  if (token === undefined) problems.push('SLACK_BOT_TOKEN is missing: the bot token of the Slack app (xoxb-…)');
  else if (!token.startsWith('xoxb-')) problems.push('SLACK_BOT_TOKEN must be a bot token, which starts with xoxb-');
  if (appToken !== undefined && !appToken.startsWith('xapp-'))
    problems.push('SLACK_APP_TOKEN must be an app-level token, which starts with xapp-');
  if (signingSecret === undefined && appToken === undefined)
    problems.push(
      'SLACK_SIGNING_SECRET is missing: the signing secret of the Slack app (or SLACK_APP_TOKEN for Socket Mode)',
    );
  const apiUrl = text('SLACK_API_URL') ?? 'https://slack.com/api/';
  if (!isApiUrl(apiUrl)) problems.push('SLACK_API_URL must be https, or http on this machine');
  const port = Number(text('PORT') ?? 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) problems.push('PORT must be a number from 0 to 65535');
  const logLevel = text('LOG_LEVEL') ?? 'info';
  if (!logLevels.includes(logLevel)) problems.push(`LOG_LEVEL must be one of ${logLevels.join(', ')}`);
  const proxy = readProxy(text, problems);
  const metrics = readMetricsAddress(variables);
  problems.push(...metrics.problems);
  if (problems.length > 0 || token === undefined) return { ok: false, problems };
  const environment: BotEnvironment = {
    token,
    signingSecret,
    appToken,
    apiUrl: apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`,
    port,
    host: text('HOST') ?? '127.0.0.1',
    configFile: text('BLUEGREEN_CONFIG') ?? './bluegreen.yaml',
    logLevel,
    proxy,
    ...(metrics.address === undefined ? {} : { metrics: metrics.address }),
  };
  return { ok: true, environment };
}

/** As other programs read them: the small letters count first. A proxy's address may hold a password and is not repeated. */
function readProxy(text: (name: string) => string | undefined, problems: string[]): EgressProxy | undefined {
  const [httpProxy, httpsProxy] = ['HTTP_PROXY', 'HTTPS_PROXY'].map((name) => {
    const given = text(name.toLowerCase()) ?? text(name);
    if (given !== undefined && !/^https?:\/\/[^/]/.test(given))
      problems.push(`${name} must be an http:// or https:// address`);
    return given;
  });
  if (httpProxy === undefined && httpsProxy === undefined) return undefined;
  return { httpProxy, httpsProxy, noProxy: text('no_proxy') ?? text('NO_PROXY') ?? '' };
}

/** A bot token goes to Slack, or to a simulator on this same machine: never in the clear over a network. */
function isApiUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname));
}
