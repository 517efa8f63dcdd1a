// The senders, in a separate process: it gets how much to send, and reports the answers.

import { setTimeout as delay } from 'node:timers/promises';
import { type Line, openLine } from '../traffic/load/wire.ts';
import { signedDelivery } from './deliveries.ts';
import type { Sending, Sent } from './load.ts';

/** A receiver that was killed is back by then. */
const returnLimitMs = 60_000;

process.on('message', (sending) => {
  void send(sending as Sending).then((sent) => process.send?.(sent));
});
process.once('disconnect', () => process.exit());

async function send(sending: Sending): Promise<Sent> {
  const { connections, seconds, perSecond, first } = sending;
  const began = performance.now();
  const end = began + seconds * 1_000;
  const answered: [number: number, status: number, ms: number][] = [];
  const unanswered: number[] = [];
  let next = first;
  let again = 0;

  async function sender(at: number): Promise<void> {
    const ask = createAsking(sending);
    const everyMs = perSecond === undefined ? undefined : (connections * 1_000) / perSecond;
    let due = everyMs === undefined ? began : began + (everyMs * at) / connections;
    for (;;) {
      if (everyMs === undefined) due = performance.now();
      else await until(due);
      if (due >= end) break;
      const number = next++;
      // Counted from when it was due, so that a sender that was held up counts too; a timer may be early.
      const since = Math.min(due, performance.now());
      const { status, tries } = await ask(number);
      if (tries > 1) again += 1;
      if (status === undefined) unanswered.push(number);
      else answered.push([number, status, performance.now() - since]);
      if (everyMs !== undefined) due += everyMs;
    }
    ask.close();
  }

  await Promise.all(Array.from({ length: connections }, (_, at) => sender(at)));
  return { answered, unanswered, again, next, tookMs: performance.now() - began };
}

async function until(due: number): Promise<void> {
  const ms = due - performance.now();
  if (ms > 0) await delay(ms);
}

interface Asking {
  (number: number): Promise<{ readonly status: number | undefined; readonly tries: number }>;
  close(): void;
}

/** As a code host does, a delivery that was not answered is sent again with the same id, where that is asked for. */
function createAsking({ port, secret, isPatient }: Sending): Asking {
  let line: Line | undefined;
  const once = async (number: number): Promise<number | undefined> => {
    if (line?.usable() !== true) line = openLine(port);
    const { head, body } = signedDelivery(number, secret);
    const ended = await line.ask(head, body);
    return ended.kind === 'answered' ? ended.answer.status : undefined;
  };
  const ask = async (number: number) => {
    const limit = performance.now() + returnLimitMs;
    for (let tries = 1; ; tries += 1) {
      const status = await once(number);
      if (status !== undefined || !isPatient || performance.now() > limit) return { status, tries };
      await delay(20);
    }
  };
  return Object.assign(ask, { close: () => line?.close() });
}
