// The outbox on SQLite: a message that was overtaken is never sent, one that waits survives every crash.

import { and, asc, desc, eq, gt, isNotNull, lt, lte, or, sql } from 'drizzle-orm';
import type { Outbox, OutboxMessage } from '../notify/outbox.ts';
import type { Db } from './database.ts';
import { outbox } from './schema.ts';
import type { Store } from './store.ts';

/** Messages that may wait per transport; beyond it, progress is not queued, state changes still are. */
const bound = 5_000;
/** Where a message went is kept as long as anybody would change it: afterwards a change is a new message. */
const keepMs = 90 * 86_400_000;
const tidyEvery = 200;

export function createOutbox(store: Store): Outbox {
  const { db } = store;
  let untilTidy = 0;
  return {
    put: (message) =>
      store.tell((_, now) => {
        put(db, message, now);
        untilTidy -= 1;
        if (untilTidy > 0) return;
        untilTidy = tidyEvery;
        tidy(db, now);
      }),
    again: (key, { urgent = false } = {}) => store.tell(() => again(db, key, urgent)),
    due: (transport, limit) =>
      db
        .select()
        .from(outbox)
        .where(
          and(
            eq(outbox.transport, transport),
            gt(outbox.version, outbox.sentVersion),
            lte(outbox.nextAt, store.clock.now()),
          ),
        )
        .orderBy(desc(outbox.urgent), asc(outbox.createdAt), asc(sql`rowid`))
        .limit(limit)
        .all() satisfies readonly OutboxMessage[],
    sent(key, version, reference) {
      store.note(() =>
        db
          .update(outbox)
          .set({ sentVersion: version, reference, attempts: 0, problem: null })
          .where(eq(outbox.key, key))
          .run(),
      );
    },
    retry(key, afterMs, problem) {
      store.note((_, now) =>
        db
          .update(outbox)
          .set({ attempts: sql`${outbox.attempts} + 1`, nextAt: now + afterMs, problem })
          .where(eq(outbox.key, key))
          .run(),
      );
    },
    drop(key, version, problem) {
      store.note(() =>
        db.update(outbox).set({ sentVersion: version, attempts: 0, problem }).where(eq(outbox.key, key)).run(),
      );
    },
    reference: (key) =>
      db.select({ reference: outbox.reference }).from(outbox).where(eq(outbox.key, key)).get()?.reference ?? undefined,
    forget(key) {
      store.note(() => db.update(outbox).set({ reference: null }).where(eq(outbox.key, key)).run());
    },
    waiting: (transport) => waitingFor(db, transport),
  };
}

function tidy(db: Db, now: number): void {
  const isSaid = lte(outbox.version, outbox.sentVersion);
  db.delete(outbox)
    .where(and(isSaid, lt(outbox.createdAt, now - keepMs)))
    .run();
}

function waitingFor(db: Db, transport: string): number {
  const ofTransport = and(eq(outbox.transport, transport), gt(outbox.version, outbox.sentVersion));
  return db.select({ count: sql<number>`count(*)` }).from(outbox).where(ofTransport).get()?.count ?? 0;
}

function waits(db: Db, key: string): boolean {
  return (
    db
      .select({ key: outbox.key })
      .from(outbox)
      .where(and(eq(outbox.key, key), gt(outbox.version, outbox.sentVersion)))
      .get() !== undefined
  );
}

function put(
  db: Db,
  { key, transport, kind, payload, urgent = false, final = false }: Parameters<Outbox['put']>[0],
  now: number,
): void {
  if (!urgent && !final && !waits(db, key) && waitingFor(db, transport) >= bound) return;
  db.insert(outbox)
    .values({
      key,
      transport,
      kind,
      payload,
      version: 1,
      sentVersion: 0,
      urgent,
      final,
      createdAt: now,
      attempts: 0,
      nextAt: now,
    })
    .onConflictDoUpdate({
      target: outbox.key,
      set: { payload, version: sql`${outbox.version} + 1`, urgent: stillUrgent(urgent), final },
    })
    .run();
}

function again(db: Db, key: string, urgent: boolean): void {
  const isThere = or(isNotNull(outbox.reference), gt(outbox.version, outbox.sentVersion));
  db.update(outbox)
    .set({ version: sql`${outbox.version} + 1`, urgent: stillUrgent(urgent) })
    .where(and(eq(outbox.key, key), isThere))
    .run();
}

/** Something urgent that still waits stays urgent when mere progress overtakes it. */
function stillUrgent(urgent: boolean) {
  return sql`${urgent ? 1 : 0} or (${outbox.urgent} and ${outbox.version} > ${outbox.sentVersion})`;
}
