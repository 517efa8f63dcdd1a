// What Slack refuses and what gets lost, as values, and which of them mean the same to this bot.

import { WebAPIPlatformError, WebAPIRateLimitedError } from '@slack/web-api';

export type SlackProblem =
  /** Too many calls of this method; only this method waits. */
  | { readonly kind: 'limited'; readonly afterMs: number }
  /** No answer, or none that can be read: it may have been done or not. */
  | { readonly kind: 'lost'; readonly sentence: string }
  | { readonly kind: 'refused'; readonly error: string; readonly sentence: string };

export const tooManyToLookThrough = 'too_many_to_look_through';

export function problemOf(thrown: unknown): SlackProblem {
  if (thrown instanceof WebAPIRateLimitedError)
    return { kind: 'limited', afterMs: Math.max(1, thrown.retryAfter) * 1000 };
  if (thrown instanceof WebAPIPlatformError && /^[a-z][a-z_]{2,60}$/.test(thrown.data.error))
    return platformProblem(thrown);
  const sentence = thrown instanceof Error ? thrown.message : String(thrown);
  return { kind: 'lost', sentence: sentence.slice(0, 300) };
}

/** Slack's own troubles: the same call may well succeed later, and may have been done already. */
const passing = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);

function platformProblem({ data }: WebAPIPlatformError): SlackProblem {
  const { error, needed, response_metadata } = data as typeof data & { readonly needed?: string };
  if (error === 'ratelimited' || error === 'rate_limited') return { kind: 'limited', afterMs: 30_000 };
  if (passing.has(error)) return { kind: 'lost', sentence: `Slack answered ${error}` };
  const details = response_metadata?.messages?.slice(0, 3).join('; ') ?? '';
  const scope = needed === undefined ? '' : ` (needs ${needed})`;
  return { kind: 'refused', error, sentence: `Slack answered ${error}${scope}${details === '' ? '' : `: ${details}`}` };
}

export function problemSentence(problem: SlackProblem): string {
  return problem.kind === 'limited' ? `rate limited for ${problem.afterMs / 1000} s` : problem.sentence;
}

/** Of a sentence that is stored with a message: why its channel takes none. */
export const refusesChannel = (sentence: string | null): string | undefined =>
  /^Slack answered (is_archived|is_inactive|channel_not_found|not_in_channel)\b/.exec(sentence ?? '')?.[1];

const tokenProblems = [
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'team_access_not_granted',
  'org_login_required',
];

/** Slack takes nothing at all from this token. */
export const isTokenRefused = (problem: SlackProblem): boolean =>
  problem.kind === 'refused' && tokenProblems.includes(problem.error);

const misdrawn = ['invalid_blocks', 'invalid_blocks_format', 'msg_too_long', 'msg_blocks_too_long'];

/** Slack does not accept the blocks of the message; it may accept only the text. */
export const isMisdrawn = (problem: SlackProblem): boolean =>
  problem.kind === 'refused' && misdrawn.includes(problem.error);

/** The dialog could not be opened because three seconds had passed. */
export function isLate(problem: SlackProblem): boolean {
  const late = [
    'expired_trigger_id',
    'exchanged_trigger_id',
    'invalid_trigger_id',
    'trigger_expired',
    'trigger_exchanged',
  ];
  return problem.kind === 'refused' && late.includes(problem.error);
}

const channelProblems = ['is_archived', 'is_inactive', 'channel_not_found', 'not_in_channel'];

/** The channel has ended for the bot: archived, deleted, or the bot is not in it any more. */
export const isChannelGone = (problem: SlackProblem): boolean =>
  problem.kind === 'refused' && channelProblems.includes(problem.error);

const messageProblems = [
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'cannot_reply_to_message',
  // The answer to `chat.update` where the bot is not in the channel any more.
  'no_permission',
];

/** The message cannot be changed any more, whatever it shows; its channel may be gone with it. */
export const isGone = (problem: SlackProblem): boolean =>
  isChannelGone(problem) || (problem.kind === 'refused' && messageProblems.includes(problem.error));
