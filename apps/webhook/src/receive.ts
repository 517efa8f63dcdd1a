// What becomes of one delivery: verify → tell repeats apart → parse → engine verb → answer.

import { type Actor, type Engine, type Log, messageOf, type Refusal } from '@bg/engine';
import type { Delivery, Hook, Order } from './hooks/hook.ts';

interface Answer {
  readonly status: 200 | 202 | 400 | 401 | 409 | 500;
  readonly body: Readonly<Record<string, unknown>>;
}

export type ReceivingEngine = Pick<Engine, 'deploy' | 'plan' | 'firstTime' | 'countStranger'>;

/** Senders repeat an unanswered delivery under its own id for days. */
const repeatsMs = 7 * 86_400_000;
const theWebhook: Actor = { kind: 'machine', name: 'webhook', door: 'webhook' };

export type Receive = (hook: Hook, delivery: Delivery) => Promise<Answer>;

export function createReceive(engine: ReceivingEngine, log: Log): Receive {
  const answers = createAnswers();
  return async (hook, delivery) => {
    const proof = hook.verify(delivery);
    if (!proof.proved) {
      engine.countStranger('webhook');
      log.warn({ hook: hook.name, problem: proof.problem }, 'refused an unproved delivery');
      return { status: 401, body: { code: 'unsigned', sentence: proof.problem } };
    }
    const key = `webhook:${hook.name}:${proof.id}`;
    if (!engine.firstTime(key, repeatsMs) && !answers.interrupted(key)) return answers.of(key) ?? duplicate;
    try {
      return answers.keep(key, await obey(engine, hook, delivery));
    } catch (thrown) {
      answers.keep(key, undefined);
      log.error({ hook: hook.name, id: proof.id, err: thrown }, 'a delivery could not be worked on');
      return { status: 500, body: { code: 'fault', sentence: `Try again: ${messageOf(thrown)}` } };
    }
  };
}

async function obey(engine: ReceivingEngine, hook: Hook, { body }: Delivery): Promise<Answer> {
  const payload = readJson(body);
  const reading = payload.ok ? hook.parse(payload.value) : payload;
  if (!reading.ok) return { status: 400, body: { code: 'body-invalid', sentence: reading.problem } };
  const { order } = reading;
  const request = { ...order, reason: reasonOf(order), actor: theWebhook };
  if (!order.deploy) {
    const planned = await engine.plan(request);
    return planned.ok ? { status: 200, body: { deployment: null, plan: planned.value } } : refused(planned.refusal);
  }
  const asked = engine.deploy(request);
  return asked.ok ? { status: 202, body: { deployment: asked.value } } : refused(asked.refusal);
}

function refused({ code, sentence, hint }: Refusal): Answer {
  return { status: 409, body: { code, sentence, hint } };
}

function readJson(
  body: Buffer,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string } {
  try {
    return { ok: true, value: JSON.parse(body.toString('utf8')) };
  } catch {
    return { ok: false, problem: 'the body is not JSON' };
  }
}

function reasonOf({ reason, by }: Order): string | undefined {
  if (by === undefined) return reason;
  return reason === undefined ? `asked by ${by}` : `${reason} (asked by ${by})`;
}

const duplicate: Answer = {
  status: 200,
  body: { duplicate: true, sentence: 'This delivery was taken before; nothing is done twice.' },
};

const maxAnswers = 1000;

/**
 * A repeated delivery gets the answer that the first one got. One that a fault interrupted after it was marked as seen is
 * no repeat: it may try again. The oldest are forgotten first, and all of them with the process.
 */
function createAnswers() {
  const kept = new Map<string, Answer | undefined>();
  return {
    of: (key: string): Answer | undefined => kept.get(key),
    interrupted: (key: string): boolean => kept.has(key) && kept.get(key) === undefined && kept.delete(key),
    keep: <T extends Answer | undefined>(key: string, answer: T): T => {
      kept.set(key, answer);
      for (const oldest of kept.keys()) if (kept.size > maxAnswers) kept.delete(oldest);
      return answer;
    },
  };
}
