// An inbox that a loss of power, a kill or an end empties: what the durable one is measured against.

import type { Delivered, Inbox } from '@bg/engine';

export function memoryInbox(): Inbox {
  const all = new Map<number, Delivered>();
  const byKey = new Map<string, number>();
  const waiting = new Set<number>();
  const settle: Inbox['settle'] = (id, ending) => {
    const found = all.get(id);
    if (!found || !waiting.delete(id)) return;
    const settlement = typeof ending === 'function' ? ending() : ending;
    all.set(id, { ...found, ...settlement, answer: settlement.answer, settledAt: Date.now() });
  };
  return {
    take: async (delivery) => {
      const keys = [`${delivery.hook} id ${delivery.delivery}`, `${delivery.hook} content ${delivery.content}`];
      const known = keys.map((key) => byKey.get(key)).find((id) => id !== undefined);
      const found = known === undefined ? undefined : all.get(known);
      if (found) return { kind: 'known', delivery: found };
      const id = all.size + 1;
      const now = Date.now();
      const nothingYet = { attempts: 0, settledAt: undefined, sentence: undefined, answer: undefined };
      const kept: Delivered = {
        ...delivery,
        ...nothingYet,
        id,
        bytes: delivery.body.length,
        receivedAt: now,
        nextAt: now,
        state: 'waiting',
      };
      all.set(id, kept);
      for (const key of keys) byKey.set(key, id);
      waiting.add(id);
      return { kind: 'taken', delivery: kept };
    },
    due(limit) {
      const due: Delivered[] = [];
      for (const id of waiting) {
        const found = all.get(id);
        if (due.length === limit || !found) break;
        due.push(found);
      }
      return due;
    },
    settle,
    ignore: (ignored) => {
      for (const { id, sentence } of ignored) settle(id, { state: 'ignored', sentence });
    },
    retry: () => undefined,
    list: ({ limit }) => [...all.values()].slice(-limit),
    show: (id) => all.get(id),
    body: (id) => all.get(id)?.body,
    waiting: () => waiting.size,
    workedOnBy: () => undefined,
  };
}
