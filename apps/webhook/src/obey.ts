// What an order of the generic hook comes to: the engine's verb, and the answer for whoever sent it.

import type {
  Actor,
  Delivered,
  DeploymentView,
  Ending,
  Engine,
  PlanView,
  Refusal,
  Result,
  Settlement,
} from '@bg/engine';
import { type Order, readOrder } from './hooks/order.ts';

export interface Answer {
  readonly status: 200 | 202 | 400 | 401 | 409 | 429 | 500 | 503;
  readonly body: Readonly<Record<string, unknown>>;
}

export type ObeyingEngine = Pick<Engine, 'deploy' | 'plan' | 'refusedAtDoor'>;

const theWebhook: Actor = { kind: 'machine', name: 'webhook', door: 'webhook' };

/** @throws when the engine could not be asked: the delivery waits, and is worked on again */
export async function obey(engine: ObeyingEngine, { body }: Pick<Delivered, 'body'>): Promise<Ending> {
  const reading = readOrder(body);
  if (!reading.ok) {
    const refusal: Refusal = { code: 'text-invalid', sentence: reading.problem, hint: 'See the receiver’s README.' };
    engine.refusedAtDoor(theWebhook, refusal);
    return parked(400, 'body-invalid', reading.problem);
  }
  const { order } = reading;
  const request = { ...order, reason: reasonOf(order), actor: theWebhook };
  if (!order.deploy) return settlementOf(order, await engine.plan(request));
  // One commit with the settlement: a process that is killed here has asked once, or not at all.
  return () => settlementOf(order, engine.deploy(request));
}

function settlementOf(order: Order, asked: Result<DeploymentView> | Result<PlanView>): Settlement {
  if (!asked.ok) return parked(409, asked.refusal.code, asked.refusal.sentence, asked.refusal.hint);
  if ('id' in asked.value)
    return done(202, `asked for the deployment of ${order.version}`, { deployment: asked.value });
  return done(200, `planned the deployment of ${order.version}`, { deployment: null, plan: asked.value });
}

function done(status: Answer['status'], sentence: string, body: Answer['body']): Settlement {
  return { state: 'done', sentence, answer: { status, body } satisfies Answer };
}

function parked(status: Answer['status'], code: string, sentence: string, hint?: string): Settlement {
  const body = hint === undefined ? { code, sentence } : { code, sentence, hint };
  return { state: 'parked', sentence, answer: { status, body } satisfies Answer };
}

function reasonOf({ reason, by }: Order): string | undefined {
  if (by === undefined) return reason;
  return reason === undefined ? `asked by ${by}` : `${reason} (asked by ${by})`;
}
