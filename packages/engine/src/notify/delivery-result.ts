// What an answer of the receiver, or none, means for the message that waits.

import type { HttpAnswer } from '../lib/http.ts';
import { withoutMark } from '../lib/text-file.ts';

export type DeliveryResult =
  | { readonly kind: 'sent'; readonly reference: unknown }
  | {
      readonly kind: 'later';
      readonly problem: string;
      /** Not before; undefined: as the backoff says. */
      readonly afterMs?: number | undefined;
      /** The receiver takes nothing at the moment: its other messages wait too. */
      readonly holdsAll: boolean;
    }
  | { readonly kind: 'refused'; readonly problem: string };

/** Something that a person has to fix (a token, a permission, a name) and may fix in time. */
const mendMs = 15 * 60_000;
/** No receiver may make us wait for longer. */
const longestWaitMs = 3_600_000;
const unsaidWaitMs = 60_000;

/** For an answer that is none of the expected ones. `who`: the receiver as a sentence names it. */
export function resultOf(
  who: string,
  answer: Pick<HttpAnswer, 'status' | 'headers' | 'body'>,
  now: number,
): DeliveryResult {
  const { status } = answer;
  const problem = `${who} answered ${status}${sayingWhat(answer.body)}`;
  const waitMs = waitOf(answer, now);
  if (status === 429 || (status === 403 && waitMs !== undefined))
    return { kind: 'later', problem, afterMs: waitMs ?? unsaidWaitMs, holdsAll: true };
  if (status >= 500 || status === 408 || status === 425)
    return { kind: 'later', problem, afterMs: waitMs, holdsAll: true };
  if (status === 401 || status === 403 || status === 404 || (status >= 300 && status < 400))
    return { kind: 'later', problem: `${problem}: ${advice(status)}`, afterMs: mendMs, holdsAll: false };
  return { kind: 'refused', problem };
}

/** How long the receiver asks us to wait; undefined when it does not say. */
function waitOf({ status, headers, body }: Pick<HttpAnswer, 'status' | 'headers' | 'body'>, now: number) {
  const asked = retryAfter(headers['retry-after'], now) ?? resetOf(headers, now);
  const wait = asked ?? (status === 403 && /rate limit/i.test(body) ? unsaidWaitMs : undefined);
  return wait === undefined ? undefined : Math.min(Math.max(wait, 1_000), longestWaitMs);
}

/** Seconds, or a date. */
function retryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at - now;
}

/** GitHub says in seconds since 1970 when a used-up limit is reset. */
function resetOf(headers: HttpAnswer['headers'], now: number): number | undefined {
  const reset = headers['x-ratelimit-reset'];
  if (headers['x-ratelimit-remaining'] !== '0' || reset === undefined || !/^\d{1,12}$/.test(reset)) return undefined;
  return Number(reset) * 1_000 - now;
}

function advice(status: number): string {
  if (status === 404) return 'look at the address, the name, and what the token may see';
  return status < 400 ? 'redirects are not followed; give the address that it has now' : 'look at the token';
}

const shownAtMost = 200;

/** `: Validation Failed`, from an answer in JSON; its other content is not reported. */
function sayingWhat(body: string): string {
  const said = messageIn(body);
  if (said === undefined) return '';
  const plain = [...said.replaceAll(/\p{Cc}+/gu, ' ').trim()];
  return `: ${plain.slice(0, shownAtMost).join('')}${plain.length > shownAtMost ? '…' : ''}`;
}

function messageIn(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(withoutMark(body));
    return typeof parsed === 'object' && parsed !== null && 'message' in parsed && typeof parsed.message === 'string'
      ? parsed.message
      : undefined;
  } catch {
    return undefined;
  }
}
