// What a test breaks on purpose. Every fault is consumed as it strikes: once, unless the test says otherwise.
import { SimulatorError } from './errors.ts';
import { isRecord } from './json.ts';

export type DeliveryKind =
  | 'block_actions'
  | 'block_suggestion'
  | 'command'
  | 'event'
  | 'url_verification'
  | 'view_closed'
  | 'view_submission';

interface FaultBase {
  /** How often it strikes. Default 1. */
  readonly times?: number | 'always' | undefined;
  readonly delayMs?: number | undefined;
  /** `before`: it never arrives. `after`: it arrives and is acted upon, and the answer is lost. */
  readonly drop?: 'before' | 'after' | undefined;
}

/**
 * On what the app calls: a Web API method, `*` for all, or `response_url`; or `socket`, which is a connection of Socket
 * Mode that Slack greets and closes at once (`too_many_websockets`).
 */
export interface ApiFault extends FaultBase {
  readonly method: string;
  /** Only calls that name this channel. */
  readonly channel?: string | undefined;
  /** HTTP status, e.g. 429 or 503. */
  readonly status?: number | undefined;
  /** Seconds, sent as Retry-After. */
  readonly retryAfter?: number | undefined;
  /** Slack's error word, sent as `ok: false` with HTTP 200 unless `status` says otherwise. */
  readonly error?: string | undefined;
}

/** On what Slack sends to the app. `drop: 'before'` with `times: 'always'` is an app that is down. */
export interface DeliveryFault extends FaultBase {
  readonly delivery: DeliveryKind | '*';
  /** Extra copies of the same signed request, sent after the first. */
  readonly duplicate?: number | undefined;
}

/** Slack's clock against the app's: positive is ahead. Stays until cleared. */
export interface ClockFault {
  readonly clockSkewSeconds: number;
}

export type Fault = ApiFault | DeliveryFault | ClockFault;

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  /** The fault that strikes this call, if any; it is used up. */
  forCall(method: string, channel?: unknown): ApiFault | undefined;
  /** For a new connection of Socket Mode. */
  forSocket(): ApiFault | undefined;
  forDelivery(kind: DeliveryKind): DeliveryFault | undefined;
  clockSkewSeconds(): number;
}

interface Armed {
  readonly fault: ApiFault | DeliveryFault;
  left: number;
}

export function createFaults(): Faults {
  let armed: Armed[] = [];
  let skewSeconds = 0;

  function take(matches: (fault: ApiFault | DeliveryFault) => boolean): ApiFault | DeliveryFault | undefined {
    const found = armed.find((entry) => matches(entry.fault));
    if (found === undefined) return undefined;
    found.left -= 1;
    armed = armed.filter((entry) => entry.left > 0);
    return found.fault;
  }

  return {
    add: (fault) => {
      if ('clockSkewSeconds' in fault) skewSeconds = fault.clockSkewSeconds;
      else armed.push({ fault, left: fault.times === 'always' ? Number.POSITIVE_INFINITY : (fault.times ?? 1) });
    },
    clear: () => {
      armed = [];
      skewSeconds = 0;
    },
    forCall: (method, channel) =>
      take(
        (fault) =>
          'method' in fault &&
          [method, '*'].includes(fault.method) &&
          (fault.channel === undefined || fault.channel === channel),
      ) as ApiFault | undefined,
    forSocket: () => take((fault) => 'method' in fault && fault.method === 'socket') as ApiFault | undefined,
    forDelivery: (kind) =>
      take((fault) => 'delivery' in fault && [kind, '*'].includes(fault.delivery)) as DeliveryFault | undefined,
    clockSkewSeconds: () => skewSeconds,
  };
}

/** A fault that came over HTTP. @throws SimulatorError `bad-request` when it says nothing that can be done. */
export function parseFault(value: unknown): Fault {
  if (!isRecord(value)) throw new SimulatorError('bad-request', 'a fault is an object');
  const kinds = ['method', 'delivery', 'clockSkewSeconds'].filter((key) => value[key] !== undefined);
  if (kinds.length !== 1) {
    throw new SimulatorError('bad-request', 'a fault names exactly one of method, delivery, clockSkewSeconds');
  }
  const isNumber = (key: string): boolean => value[key] === undefined || typeof value[key] === 'number';
  const wrong = ['status', 'retryAfter', 'delayMs', 'duplicate', 'clockSkewSeconds'].find((key) => !isNumber(key));
  if (wrong !== undefined) throw new SimulatorError('bad-request', `fault.${wrong} must be a number`);
  const times = value.times;
  if (times !== undefined && times !== 'always' && !(typeof times === 'number' && times >= 1)) {
    throw new SimulatorError('bad-request', 'fault.times must be "always" or at least 1');
  }
  return value as unknown as Fault;
}
