// Middleware before every handler: no request is handled twice or with a time in the future, and the process finishes
// what it has started before it stops.

import { type Clock, type Engine, type Log, patiently, within } from '@bg/engine';
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

/** Slack shows an error to its user after three seconds. */
const acknowledgeMs = 1_000;
/** An acknowledged command waits this long for the state. */
const lockedMs = 60_000;

/**
 * A state that another process holds must not cost Slack's three seconds: the request is acknowledged first, and carried out
 * when the state can be written, or refused. A form is refused at once, since its answer is the acknowledgement.
 */
export function lockedGuard(engine: Pick<Engine, 'whenWritable'>, log: Log): Guard {
  return async ({ context, body, ack, respond, next }: GuardArgs) => {
    if (await engine.whenWritable(acknowledgeMs)) return next();
    const errors = formErrors(body as SubmittedForm, `⛔ ${stateLocked}`);
    if (errors !== undefined) return refuseForm(ack, errors);
    await acknowledge({ ack, context });
    log.warn('acknowledged a request while another process holds the state; it is carried out after that');
    if (await engine.whenWritable(lockedMs)) return next();
    log.error('a request was refused: another process held the state all the time');
    await respond?.({ text: `⛔ ${stateLocked}`, response_type: 'ephemeral', replace_original: false });
  };
}

export const stateLocked =
  'Another process holds the state of the deployments, so nothing was done. Try again in a moment; if it stays so, look at the log of the bot.';

export interface FormErrors {
  readonly response_action: 'errors';
  readonly errors: Readonly<Record<string, string>>;
}

export interface SubmittedForm {
  readonly type?: string;
  readonly view?: { readonly blocks?: readonly { readonly type?: string; readonly block_id?: string }[] };
}

/** A form closes in silence unless an error belongs to one of its inputs. Undefined for what is no form. */
export function formErrors({ type, view }: SubmittedForm, text: string): FormErrors | undefined {
  const block = view?.blocks?.find((one) => one.type === 'input')?.block_id;
  if (type !== 'view_submission' || block === undefined) return undefined;
  return { response_action: 'errors', errors: { [block]: text } };
}

interface Unanswered {
  readonly ack?: (() => Promise<void>) | undefined;
  readonly context: Record<string, unknown>;
}

/** What Bolt hands over for a form takes an answer. */
export const refuseForm = async (ack: Unanswered['ack'], errors: FormErrors): Promise<void> =>
  (ack as ((answer: FormErrors) => Promise<void>) | undefined)?.(errors);

/** Once, whichever call comes first: Bolt throws at the second. */
export async function acknowledge({ ack, context }: Unanswered): Promise<void> {
  if (context.acknowledged === true) return;
  context.acknowledged = true;
  await ack?.();
}

/** Bolt takes a timestamp from the future and takes the same signed request twice; both are refused here. */
export function replayGuard(engine: Pick<Engine, 'firstTime' | 'whenWritable'>, clock: Clock, log: Log): Guard {
  const isFirst = (key: string) => patiently(engine.whenWritable, () => engine.firstTime(`slack:${key}`, rememberMs));
  return async ({ context, body, ack, next }: GuardArgs) => {
    const { signature, timestamp, envelopeId } = (context.delivery ?? {}) as DeliveryProof;
    if (timestamp !== undefined && !(Math.abs(clock.now() - timestamp * 1000) <= toleranceMs))
      throw new DeliveryRefused('the timestamp is more than five minutes off');
    if (signature !== undefined && !(await isFirst(signature)))
      throw new DeliveryRefused('the same signed request came before');
    const id = deliveryId(body) ?? envelopeId;
    if (id !== undefined && !(await isFirst(id))) {
      log.info({ id }, 'Slack delivered this twice; it was handled the first time');
      await acknowledge({ ack, context });
      return;
    }
    await next();
  };
}

export type GuardArgs = Parameters<Guard>[0] & {
  readonly ack?: (() => Promise<void>) | undefined;
  readonly respond?: ((message: Readonly<Record<string, unknown>>) => Promise<unknown>) | undefined;
};

/** One id per act of a person, however often Slack delivers it. */
function deliveryId(body: unknown): string | undefined {
  const { trigger_id: trigger, event_id: event } = body as Readonly<Record<string, unknown>>;
  return typeof trigger === 'string' ? trigger : typeof event === 'string' ? event : undefined;
}

export interface Drain {
  readonly track: Guard;
  /** True when all started handlers finished within the limit. */
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
      const handled = Promise.allSettled([...running]);
      return (await within(limitMs, handled, { clock })) !== undefined;
    },
  };
}
