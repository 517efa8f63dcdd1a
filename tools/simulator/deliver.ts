// From the workspace to the app: signed, timed, journaled. Commands, clicks and views are sent once; events are retried.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SimulatorClock } from './clock.ts';
import { SimulatorError } from './errors.ts';
import type { DeliveryFault, DeliveryKind, Faults } from './faults.ts';
import { type HttpAnswer, postSigned } from './http-delivery.ts';
import { slackId } from './ids.ts';
import type { Delivery, Journal } from './journal.ts';
import type { Json } from './json.ts';
import { sign } from './signing.ts';
import type { SocketMode } from './socket-mode.ts';

const FORM = 'application/x-www-form-urlencoded';
const EVENT_RETRY_SECONDS = [0, 60, 300];
const KEPT_FOR_REPLAY = 500;

export interface Outgoing {
  readonly kind: DeliveryKind;
  readonly summary: string;
  readonly user: string;
  readonly payload: Json;
}

export interface Deliverer {
  /** Sends once and resolves with what came back, at the latest about three seconds later. Never rejects. */
  send(outgoing: Outgoing): Promise<Delivery>;
  /** Sends an event; resolves after the first try, retries go on behind it. */
  sendEvent(outgoing: Outgoing): Promise<Delivery>;
  /** The same bytes with the same signature and timestamp again. @throws SimulatorError `not-found` */
  replay(deliveryId: string): Promise<Delivery>;
  setAppUrl(url: URL | undefined): void;
  close(): void;
}

interface Dependencies {
  readonly signingSecret: string;
  readonly clock: SimulatorClock;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly sockets: SocketMode;
  readonly socketModeEnabled: boolean;
  readonly eventRetryScale: number;
}

interface Attempt {
  readonly outgoing: Outgoing;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly attempt: number;
  readonly retryReason: string;
}

interface Post {
  readonly dependencies: Dependencies;
  /** What was sent, oldest first, for replays. */
  readonly sent: Map<string, Attempt>;
  readonly stopping: AbortController;
  appUrl: URL | undefined;
}

export function createDeliverer(dependencies: Dependencies): Deliverer {
  const post: Post = { dependencies, sent: new Map(), stopping: new AbortController(), appUrl: undefined };
  const { faults } = dependencies;
  return {
    send: async (outgoing) => {
      const what = prepare(post, outgoing, { number: 0, reason: '' });
      const fault = faults.forDelivery(outgoing.kind);
      const { delivery } = await attempt(post, what, fault);
      for (let copy = 0; copy < Math.min(fault?.duplicate ?? 0, 10); copy += 1) await attempt(post, what, undefined);
      return delivery;
    },
    sendEvent: async (outgoing) => {
      const what = prepare(post, outgoing, { number: 0, reason: '' });
      const { delivery, answer } = await attempt(post, what, faults.forDelivery('event'));
      retryEvent(post, outgoing, answer).catch(() => {}); // ends early when the simulator closes
      return delivery;
    },
    replay: async (deliveryId) => {
      const what = post.sent.get(deliveryId);
      if (what === undefined) throw new SimulatorError('not-found', `there is no delivery ${deliveryId} to replay`);
      return (await attempt(post, what, undefined)).delivery;
    },
    setAppUrl: (url) => {
      post.appUrl = url;
    },
    close: () => post.stopping.abort(),
  };
}

function prepare(post: Post, outgoing: Outgoing, retry: { readonly number: number; readonly reason: string }): Attempt {
  const { clock, faults, signingSecret } = post.dependencies;
  const { body, contentType } = encode(outgoing);
  const timestamp = Math.floor(clock.now() / 1000) + faults.clockSkewSeconds();
  const headers = {
    accept: '*/*',
    'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    'content-type': contentType,
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': sign(signingSecret, timestamp, body),
    ...(retry.number > 0 && { 'x-slack-retry-num': String(retry.number), 'x-slack-retry-reason': retry.reason }),
  };
  return { outgoing, body, headers, attempt: retry.number, retryReason: retry.reason };
}

async function attempt(
  post: Post,
  what: Attempt,
  fault: DeliveryFault | undefined,
): Promise<{ readonly delivery: Delivery; readonly answer: HttpAnswer }> {
  if (fault?.delayMs !== undefined) await pause(post, fault.delayMs).catch(() => {});
  const id = remember(post, what);
  const startedAt = performance.now();
  const at = new Date().toISOString();
  const { transport, answer } = await carry(post, what, fault);
  const { kind, summary, user, payload } = what.outgoing;
  const ms = Math.round((performance.now() - startedAt) * 10) / 10;
  const delivery = { id, at, kind, summary, user, transport, attempt: what.attempt, ...outcomeOf(answer), ms, payload };
  post.dependencies.journal.delivery(delivery);
  return { delivery, answer };
}

function remember({ sent }: Post, what: Attempt): string {
  const id = slackId('DL');
  sent.set(id, what);
  for (const old of [...sent.keys()].slice(0, Math.max(0, sent.size - KEPT_FOR_REPLAY))) sent.delete(old);
  return id;
}

interface Carried {
  readonly transport: Delivery['transport'];
  readonly answer: HttpAnswer;
}

async function carry(post: Post, what: Attempt, fault: DeliveryFault | undefined): Promise<Carried> {
  const { sockets, socketModeEnabled } = post.dependencies;
  const overSocket = socketModeEnabled && sockets.connected() > 0;
  if (fault?.drop === 'before') return unreachable('dropped on purpose');
  if (!overSocket && post.appUrl === undefined) return unreachable('no app is connected and no request URL is set');
  const { kind, payload } = what.outgoing;
  const answer =
    overSocket || post.appUrl === undefined
      ? await sockets.send({ kind, payload, attempt: what.attempt, reason: what.retryReason })
      : await postSigned({ url: post.appUrl, body: what.body, headers: what.headers });
  return { transport: overSocket ? 'socket' : 'http', answer: fault?.drop === 'after' ? { kind: 'timeout' } : answer };
}

function unreachable(why: string): Carried {
  return { transport: 'none', answer: { kind: 'unreachable', why } };
}

async function retryEvent(post: Post, outgoing: Outgoing, first: HttpAnswer): Promise<void> {
  const { eventRetryScale, faults } = post.dependencies;
  let answer = first;
  for (const [index, seconds] of EVENT_RETRY_SECONDS.entries()) {
    const reason = retryReasonOf(answer);
    if (reason === undefined) return;
    await pause(post, seconds * 1000 * eventRetryScale);
    const again = prepare(post, outgoing, { number: index + 1, reason });
    answer = (await attempt(post, again, faults.forDelivery('event'))).answer;
  }
}

/** Rejects when the simulator closes. */
function pause(post: Post, ms: number): Promise<void> {
  return sleep(ms, undefined, { signal: post.stopping.signal, ref: false });
}

function encode({ kind, payload }: Outgoing): { readonly body: string; readonly contentType: string } {
  if (kind === 'event' || kind === 'url_verification')
    return { body: JSON.stringify(payload), contentType: 'application/json' };
  if (kind === 'command')
    return { body: new URLSearchParams(payload as Record<string, string>).toString(), contentType: FORM };
  return { body: new URLSearchParams({ payload: JSON.stringify(payload) }).toString(), contentType: FORM };
}

function outcomeOf(answer: HttpAnswer): Pick<Delivery, 'status' | 'ackBody' | 'error'> {
  switch (answer.kind) {
    case 'timeout':
      return { status: null, ackBody: '', error: 'operation_timeout' };
    case 'unreachable':
      return { status: null, ackBody: '', error: 'dispatch_failed' };
    case 'answered': {
      const isFine = answer.status >= 200 && answer.status < 300;
      return { status: answer.status, ackBody: answer.body, ...(!isFine && { error: 'dispatch_failed' }) };
    }
    default:
      return answer satisfies never;
  }
}

/** Why Slack would send an event again; nothing when it would not. */
function retryReasonOf(answer: HttpAnswer): string | undefined {
  if (answer.kind === 'timeout') return 'http_timeout';
  if (answer.kind === 'unreachable') return 'connection_failed';
  if (answer.headers['x-slack-no-retry'] === '1' || (answer.status >= 200 && answer.status < 300)) return undefined;
  return answer.status >= 300 && answer.status < 400 ? 'too_many_redirects' : 'http_error';
}
