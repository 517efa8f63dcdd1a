// Works on the inbox: one process at a time, one delivery after the other, oldest first, until something became of each.

import { type Delivered, type Engine, type Log, letOthersIn, messageOf, type Settlement } from '@bg/engine';

export type WorkingEngine = Pick<Engine, 'alone' | 'changed' | 'inbox'>;

/** What becomes of a delivery. @throws when that cannot be known now */
export type Interpret = (delivery: Delivered) => Promise<Settlement>;

const roundSize = 50;
const idleMs = 1000;
const firstRetryMs = 1000;
const maxRetryMs = 300_000;
/** With the pauses between them, about three quarters of an hour. */
const maxAttempts = 16;

export interface WorkOptions {
  readonly engine: WorkingEngine;
  readonly interpret: Interpret;
  readonly log: Log;
}

/** Until `signal` aborts; what was begun is ended first. */
export function workOnInbox({ engine, interpret, log }: WorkOptions, signal: AbortSignal): Promise<void> {
  return engine.alone('inbox', signal, async (stop) => {
    while (!stop.aborted) {
      const due = engine.inbox.due(roundSize);
      for (const delivery of due) {
        if (stop.aborted) return;
        await workOn({ engine, interpret, log }, delivery);
        await letOthersIn();
      }
      if (due.length === 0) await engine.changed(idleMs, stop);
    }
  });
}

async function workOn({ engine, interpret, log }: WorkOptions, delivery: Delivered): Promise<void> {
  const { id, hook, attempts } = delivery;
  try {
    engine.inbox.settle(id, await interpret(delivery));
  } catch (thrown) {
    const problem = messageOf(thrown);
    log.error({ id, hook, attempts, err: thrown }, 'a delivery could not be worked on');
    if (attempts + 1 < maxAttempts) engine.inbox.retry(id, Math.min(firstRetryMs * 2 ** attempts, maxRetryMs), problem);
    else engine.inbox.settle(id, { state: 'parked', sentence: `given up after ${maxAttempts} tries: ${problem}` });
  }
}
