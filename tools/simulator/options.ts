import { SimulatorError } from './errors.ts';
import type { AppManifest } from './manifest.ts';

export interface SimulatorUser {
  readonly id: string;
  readonly name: string;
  readonly realName?: string;
  readonly title?: string;
  readonly email?: string;
  /** Another team's id makes this a person from a connected organisation (Slack Connect). */
  readonly teamId?: string;
}

export interface SimulatorUserGroup {
  readonly id: string;
  readonly handle: string;
  readonly name?: string;
  readonly users: readonly string[];
}

export interface SimulatorChannel {
  readonly id: string;
  readonly name: string;
  readonly isPrivate?: boolean;
  /** User ids; all users, when left out. */
  readonly members?: readonly string[];
  readonly hasBot?: boolean;
  readonly topic?: string;
}

export interface SimulatorOptions {
  /** 0 or nothing: a free port. The host is always 127.0.0.1. */
  readonly port?: number;
  readonly signingSecret: string;
  /** Must start with `xoxb-simulator-`. */
  readonly botToken: string;
  readonly appToken?: string;
  /** The app's request URL on this machine, e.g. `http://127.0.0.1:3000/slack/events`. */
  readonly appUrl?: string;
  readonly manifest: AppManifest;
  /** Makes the workspace one of an Enterprise Grid organisation. */
  readonly enterpriseId?: string;
  readonly users?: readonly SimulatorUser[];
  readonly userGroups?: readonly SimulatorUserGroup[];
  readonly channels?: readonly SimulatorChannel[];
  /**
   * Commands that reach the app though its manifest may not name them. Slack keeps `/status` to itself; other places that
   * speak its language do not, and here it can be typed. Default `/status`.
   */
  readonly unlistedCommands?: readonly string[];
  /** Types of newer blocks that this workspace does not know: a message with one is refused (`invalid_blocks`). */
  readonly unknownBlocks?: readonly string[];
  /** Multiplies Slack's event retries after 0, 60 and 300 seconds. Default 1. */
  readonly eventRetryScale?: number;
  /** Answer 429 beyond Slack's documented limits. Default false. */
  readonly rateLimits?: boolean;
  /** Path of a JSONL file that gets every delivery and every API call. */
  readonly journal?: string;
  /** Refuse button answers to a response URL without an explicit `replace_original`. Default true. */
  readonly strictReplaceOriginal?: boolean;
  /** The environment, so that a real token in it is noticed before anything is sent anywhere. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export const BOT_USER_ID = 'U0BOT';
export const SLACKBOT_ID = 'USLACKBOT';

export const DEFAULT_USERS: readonly SimulatorUser[] = [
  { id: 'U0ALICE', name: 'alice', realName: 'Alice Moreau', title: 'developer', email: 'alice@example.com' },
  { id: 'U0BOB', name: 'bob', realName: 'Bob Lindqvist', title: 'approver', email: 'bob@example.com' },
  { id: 'U0EVE', name: 'eve', realName: 'Eve Tanaka', title: 'outsider', email: 'eve@example.com' },
];

export const DEFAULT_USER_GROUPS: readonly SimulatorUserGroup[] = [
  { id: 'S0APPROVERS', handle: 'approvers', name: 'Approvers', users: ['U0BOB'] },
];

export const DEFAULT_CHANNELS: readonly SimulatorChannel[] = [
  { id: 'C0DEPLOYS', name: 'deploys', hasBot: true, topic: 'Deployments and approvals' },
  { id: 'C0GENERAL', name: 'general', topic: 'Company-wide announcements and chat' },
];

export const DEFAULT_UNLISTED_COMMANDS: readonly string[] = ['/status'];

/** @throws SimulatorError `real-token` or `invalid-options`; never repeats a token. */
export function checkOptions(options: SimulatorOptions): void {
  if (!options.botToken.startsWith('xoxb-simulator-')) {
    throw new SimulatorError(
      'real-token',
      'botToken must start with "xoxb-simulator-": the simulator works with no other',
    );
  }
  if (looksRealAppToken(options.appToken)) {
    throw new SimulatorError(
      'real-token',
      'appToken looks like a real Slack token: use one such as "xapp-simulator-1"',
    );
  }
  const env = options.env ?? {};
  if (looksRealBotToken(env.SLACK_BOT_TOKEN) || looksRealAppToken(env.SLACK_APP_TOKEN)) {
    throw new SimulatorError(
      'real-token',
      'SLACK_BOT_TOKEN or SLACK_APP_TOKEN holds a real-looking token: unset it, the simulator must never meet it',
    );
  }
  if (options.signingSecret.length < 8) {
    throw new SimulatorError('invalid-options', 'signingSecret must have at least 8 characters');
  }
  const scale = options.eventRetryScale ?? 1;
  if (!(scale >= 0 && scale <= 10))
    throw new SimulatorError('invalid-options', `eventRetryScale must be 0 to 10, got ${scale}`);
}

/** @throws SimulatorError `invalid-options` unless the address is http on this machine. */
export function checkAppUrl(appUrl: string): URL {
  const url = URL.canParse(appUrl) ? new URL(appUrl) : undefined;
  if (url?.protocol !== 'http:' || !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) {
    throw new SimulatorError('invalid-options', `appUrl must be http on 127.0.0.1 or localhost, got "${appUrl}"`);
  }
  return url;
}

function looksRealBotToken(token: string | undefined): boolean {
  return token !== undefined && /^xox[a-z](\.xox[a-z])?-/.test(token) && !token.startsWith('xoxb-simulator-');
}

function looksRealAppToken(token: string | undefined): boolean {
  return token !== undefined && /^xapp-\d/.test(token);
}
