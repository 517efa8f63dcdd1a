// What stands before every handler: nothing is handled twice or from the future, and the process waits for what it has
// begun.

import type { Clock, Engine, Log } from '@bg/engine';
import type { AnyMiddlewareArgs, Middleware } from '@slack/bolt';

export type Guard = Middleware<AnyMiddlewareArgs>;

/** What the receiver knows of a delivery: Slack's signature over HTTP, the envelope in Socket Mode. */
export interface DeliveryProof {
  readonly signature?: string | undefined;
  /** Seconds since the epoch, as signed. */
  readonly timestamp?: number | undefined;
  readonly envelopeId?: string | undefined;
}

/** Answered with 401: the request is not what Slack sent just now. */
export class DeliveryRefused extends Error {
  override readonly name = 'DeliveryRefused';
}

const toleranceMs = 300_000;
const rememberMs = 3_600_000;

/** Bolt takes a timestamp from the future and takes the same signed request twice; both are refused here. */
export function replayGuard(engine: Pick<Engine, 'firstTime'>, clock: Clock, log: Log): Guard {
  return async ({ context, body, ack, next }: GuardArgs) => {
    const { signature, timestamp, envelopeId } = (context.delivery ?? {}) as DeliveryProof;
    if (timestamp !== undefined && !(Math.abs(clock.now() - timestamp * 1000) <= toleranceMs))
      throw new DeliveryRefused('the timestamp is more than five minutes off');
    if (signature !== undefined && !engine.firstTime(`slack:${signature}`, rememberMs))
      throw new DeliveryRefused('the same signed request came before');
    const id = deliveryId(body) ?? envelopeId;
    if (id !== undefined && !engine.firstTime(`slack:${id}`, rememberMs)) {
      log.info({ id }, 'Slack delivered this twice; it was handled the first time');
      await ack?.();
      return;
    }
    await next();
  };
}

export type GuardArgs = Parameters<Guard>[0] & {
  readonly ack?: (() => Promise<void>) | undefined;
  readonly respond?: ((message: Readonly<Record<string, unknown>>) => Promise<unknown>) | undefined;
};

/** One id per thing that a person did, whatever number of times Slack tells us about it. */
function deliveryId(body: unknown): string | undefined {
  const { trigger_id: trigger, event_id: event } = body as Readonly<Record<string, unknown>>;
  return typeof trigger === 'string' ? trigger : typeof event === 'string' ? event : undefined;
}

export interface Drain {
  readonly track: Guard;
  /** True when everything that had begun was finished within the limit. */
  finished(limitMs: number): Promise<boolean>;
}

/** Bolt's own stop does not wait for handlers that have acknowledged already. */
export function createDrain(clock: Clock): Drain {
  const running = new Set<Promise<unknown>>();
  return {
    track: async ({ next }) => {
      const handled = next();
      running.add(handled);
      try {
        await handled;
      } finally {
        running.delete(handled);
      }
    },
    finished: async (limitMs) => {
      const over = new AbortController();
      const late = clock.sleep(limitMs, over.signal).then(
        () => false,
        () => false,
      );
      const done = await Promise.race([Promise.allSettled([...running]).then(() => true), late]);
      over.abort();
      return done;
    },
  };
}
