// What a sender is answered: verify → store → the result, where it is known at once.

import { createAllowance, type DeliveryRecord, type Engine, type Log } from '@bg/engine';
import type { Answer } from './execute.ts';
import type { Delivery, Hook } from './hooks/hook.ts';

export type ReceivingEngine = Pick<Engine, 'changed' | 'inbox' | 'recordRejection'>;

export type Received =
  /** `retrySeconds`: when to try again, where that makes sense. */
  | { readonly proved: true; readonly answer: Answer; readonly retrySeconds?: number }
  | { readonly proved: false; readonly problem: string };

/** The answer contains the result of an order if the result is known within this time. */
const answerMs = 5000;
/** Each waiting request checks the inbox at every change; beyond this number, a sender only hears that it is stored. */
const mostAwaited = 50;
const retrySeconds = 30;
/** Rows of the audit log for what was proved and cannot be read: one delivery may be replayed without end. */
const rows = { burst: 20, perSecond: 1 / 60, mostSources: 10 };

export type Receive = (hook: Hook, delivery: Delivery) => Promise<Received>;

export function createReceive(engine: ReceivingEngine, log: Log): Receive {
  const auditRows = createAllowance(rows);
  let awaited = 0;
  return async (hook, delivery) => {
    const proof = hook.verify(delivery);
    if (!proof.proved) return proof;
    if (proof.problem !== undefined) return { proved: true, answer: unreadable(hook, proof.problem) };
    const { delivery: id, content, kind, body } = proof;
    const taken = await engine.inbox.take({ hook: hook.name, delivery: id, content, kind, body });
    if (taken.kind === 'full') {
      log.error({ hook: hook.name }, 'the inbox is full');
      return { proved: true, answer: full, retrySeconds };
    }
    const isKnown = taken.kind === 'known';
    const awaits = hook.tellsResult && awaited < mostAwaited;
    const became = awaits ? await reported(taken.delivery) : taken.delivery;
    const answer = hook.tellsResult ? (became.answer as Answer | undefined) : undefined;
    return { proved: true, answer: answer ?? kept(became, isKnown) };
  };

  async function reported(delivery: DeliveryRecord): Promise<DeliveryRecord> {
    awaited += 1;
    try {
      return await settled(engine, delivery);
    } finally {
      awaited -= 1;
    }
  }

  function unreadable({ name }: Hook, sentence: string): Answer {
    if (auditRows.spend(name, performance.now()) === 0)
      engine.recordRejection(
        { kind: 'machine', name, door: 'webhook' },
        { code: 'text-invalid', sentence, hint: 'See the receiver’s README.' },
      );
    return { status: 400, body: { code: 'body-invalid', sentence } };
  }
}

const full: Answer = {
  status: 503,
  body: { code: 'inbox-full', sentence: 'Too many deliveries wait; come again later.' },
};

/** The delivery in its state after `answerMs` at the latest. */
async function settled({ inbox, changed }: ReceivingEngine, delivery: DeliveryRecord): Promise<DeliveryRecord> {
  const end = performance.now() + answerMs;
  for (;;) {
    const now = inbox.show(delivery.id) ?? delivery;
    const leftMs = end - performance.now();
    if (now.state !== 'waiting' || leftMs <= 0) return now;
    await changed(leftMs);
  }
}

function kept({ id, state, sentence: became }: DeliveryRecord, duplicate: boolean): Answer {
  if (!duplicate) return { status: 202, body: { event: id, state, duplicate, sentence: 'This delivery is stored.' } };
  const since = state === 'waiting' || became === undefined ? '' : ` It is ${state}: ${became}.`;
  const sentence = `This delivery was taken before; nothing is done twice.${since}`;
  return { status: 200, body: { event: id, state, duplicate, sentence } };
}
