// What a sender is answered: verify → keep it → what became of it, where that is known at once.

import type { DeliveryRecord, Engine, Log } from '@bg/engine';
import type { Delivery, Hook } from './hooks/hook.ts';
import type { Answer } from './obey.ts';

export type ReceivingEngine = Pick<Engine, 'changed' | 'countStranger' | 'inbox'>;

/** A sender hears what became of its order, if that takes no longer. */
const answerMs = 5000;
/** Each looks for itself at every change; whoever comes beside so many hears that its order is kept. */
const mostAwaited = 50;

export type Receive = (hook: Hook, delivery: Delivery) => Promise<Answer>;

export function createReceive(engine: ReceivingEngine, log: Log): Receive {
  let awaited = 0;
  return async (hook, delivery) => {
    const proof = hook.verify(delivery);
    if (!proof.proved) {
      engine.countStranger('webhook');
      log.warn({ hook: hook.name, problem: proof.problem }, 'refused an unproved delivery');
      return { status: 401, body: { code: 'unsigned', sentence: 'This delivery is not proved.' } };
    }
    const { delivery: id, content, kind } = proof;
    const taken = await engine.inbox.take({ hook: hook.name, delivery: id, content, kind, body: delivery.body });
    if (taken.kind === 'full') {
      log.error({ hook: hook.name, waiting: engine.inbox.waiting() }, 'the inbox is full');
      return { status: 503, body: { code: 'inbox-full', sentence: 'Too many deliveries wait; come again later.' } };
    }
    const isKnown = taken.kind === 'known';
    if (!hook.tellsResult) return kept(taken.delivery, isKnown);
    const became = awaited < mostAwaited ? await told(taken.delivery) : taken.delivery;
    return (became.answer as Answer | undefined) ?? kept(became, isKnown);
  };

  async function told(delivery: DeliveryRecord): Promise<DeliveryRecord> {
    awaited += 1;
    try {
      return await settled(engine, delivery);
    } finally {
      awaited -= 1;
    }
  }
}

/** As it stands after `answerMs` at the latest. */
async function settled({ inbox, changed }: ReceivingEngine, delivery: DeliveryRecord): Promise<DeliveryRecord> {
  const end = performance.now() + answerMs;
  for (;;) {
    const now = inbox.show(delivery.id) ?? delivery;
    const leftMs = end - performance.now();
    if (now.state !== 'waiting' || leftMs <= 0) return now;
    await changed(leftMs);
  }
}

function kept({ id, state }: DeliveryRecord, duplicate: boolean): Answer {
  const sentence = duplicate ? 'This delivery was taken before; nothing is done twice.' : 'This delivery is kept.';
  return { status: duplicate ? 200 : 202, body: { event: id, state, duplicate, sentence } };
}
