// The outbox on SQLite: a message that was overtaken is never sent, one that waits survives every crash.

import { and, asc, desc, eq, gt, lte, sql } from 'drizzle-orm';
import type { Outbox, OutboxMessage } from '../notify/outbox.ts';
import { outbox } from './schema.ts';
import type { Store } from './store.ts';

/** Messages that may wait per transport; beyond it, progress is not queued, state changes still are. */
const bound = 5_000;

export function createOutbox(store: Store): Outbox {
  const { db } = store;
  const waiting = (transport: string): number =>
    db.select({ count: sql<number>`count(*)` }).from(outbox).where(and(eq(outbox.transport, transport), gt(outbox.version, outbox.sentVersion))).get()?.count ?? 0;

  return {
    put({ key, transport, kind, payload, urgent = false, final = false }) {
      store.note((_, now) => {
        if (!urgent && !final && waiting(transport) >= bound) return;
        db.insert(outbox)
          .values({ key, transport, kind, payload, version: 1, sentVersion: 0, urgent, final, createdAt: now, attempts: 0, nextAt: now })
          .onConflictDoUpdate({
            target: outbox.key,
            set: {
              payload,
              version: sql`${outbox.version} + 1`,
              // Something urgent that still waits stays urgent when mere progress overtakes it.
              urgent: sql`${urgent ? 1 : 0} or (${outbox.urgent} and ${outbox.version} > ${outbox.sentVersion})`,
              final,
            },
          })
          .run();
      });
    },
    due: (transport, limit) =>
      db
        .select()
        .from(outbox)
        .where(and(eq(outbox.transport, transport), gt(outbox.version, outbox.sentVersion), lte(outbox.nextAt, store.clock.now())))
        .orderBy(desc(outbox.urgent), asc(outbox.createdAt), asc(sql`rowid`))
        .limit(limit)
        .all() satisfies readonly OutboxMessage[],
    sent(key, version, reference) {
      store.note(() => db.update(outbox).set({ sentVersion: version, reference, attempts: 0, problem: null }).where(eq(outbox.key, key)).run());
    },
    retry(key, afterMs, problem) {
      store.note((_, now) =>
        db.update(outbox).set({ attempts: sql`${outbox.attempts} + 1`, nextAt: now + afterMs, problem }).where(eq(outbox.key, key)).run(),
      );
    },
    drop(key, version, problem) {
      store.note(() => db.update(outbox).set({ sentVersion: version, problem }).where(eq(outbox.key, key)).run());
    },
    reference: (key) => db.select({ reference: outbox.reference }).from(outbox).where(eq(outbox.key, key)).get()?.reference ?? undefined,
    forget(key) {
      store.note(() => db.update(outbox).set({ reference: null }).where(eq(outbox.key, key)).run());
    },
    waiting,
  };
}
