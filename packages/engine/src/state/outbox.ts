// The outbox on SQLite: a message that was overtaken is never sent, one that waits survives every crash.

import type { SQL } from 'drizzle-orm';
import type { Outbox, OutboxMessage } from '../domain/outbox.ts';
import type { Db } from './database.ts';
import { and, asc, count, desc, eq, gt, isNotNull, lt, lte, ne, or, sql } from './drizzle.ts';
import { outbox } from './schema.ts';
import type { Store } from './store.ts';

/** Messages that may wait per transport; beyond it, progress is not queued, state changes still are. */
const bound = 5_000;
/** How long the reference of a sent message is retained. After that, a change is sent as a new message. */
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
    again: (key, { urgent = false } = {}) => store.tell((_, now) => again(db, key, { urgent, now })),
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
    has: (key) => db.select({ key: outbox.key }).from(outbox).where(eq(outbox.key, key)).get() !== undefined,
    remember: (key, transport, reference) => store.note((_, now) => remember(db, { key, transport, reference }, now)),
    unfinished: (transport, limit) => unfinished(db, transport, limit),
    stuck: (transport, limit) => stuck(db, transport, limit),
    forget(key) {
      store.note(() => db.update(outbox).set({ reference: null }).where(eq(outbox.key, key)).run());
    },
    waiting: (transport) => waitingFor(db, transport),
  };
}

const remembered = 'place';

function unfinished(db: Db, transport: string, limit: number) {
  const stands = and(eq(outbox.transport, transport), isNotNull(outbox.reference), ne(outbox.kind, remembered));
  return newest(
    db,
    and(
      stands, // As text: only then does SQLite see which index is meant.
      sql`${outbox.final} = 0`,
    ),
    limit,
  );
}

function stuck(db: Db, transport: string, limit: number) {
  const waiting = and(eq(outbox.transport, transport), gt(outbox.version, outbox.sentVersion));
  return newest(db, and(waiting, isNotNull(outbox.problem)), limit);
}

const newest = (db: Db, which: SQL | undefined, limit: number) =>
  db.select().from(outbox).where(which).orderBy(desc(sql`rowid`)).limit(limit).all();

function remember(
  db: Db,
  { key, transport, reference }: { readonly key: string; readonly transport: string; readonly reference: unknown },
  now: number,
): void {
  const nothingToSend = { version: 1, sentVersion: 1, urgent: false, final: true, attempts: 0 };
  db.insert(outbox)
    .values({
      key,
      transport,
      kind: remembered,
      payload: {},
      ...nothingToSend,
      createdAt: now,
      nextAt: now,
      reference,
    })
    .onConflictDoUpdate({ target: outbox.key, set: { reference, createdAt: now } })
    .run();
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

export function waitingByTransport(db: Db): readonly { readonly transport: string; readonly count: number }[] {
  return db
    .select({ transport: outbox.transport, count: count() })
    .from(outbox)
    .where(gt(outbox.version, outbox.sentVersion))
    .groupBy(outbox.transport)
    .all();
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
      // A state change is worth a try now, however long the last problem asked to wait.
      set: {
        payload,
        version: sql`${outbox.version} + 1`,
        urgent: stillUrgent(urgent),
        final,
        ...(urgent ? { nextAt: now } : {}),
      },
    })
    .run();
}

function again(db: Db, key: string, { urgent, now }: { readonly urgent: boolean; readonly now: number }): void {
  const isThere = or(isNotNull(outbox.reference), gt(outbox.version, outbox.sentVersion));
  db.update(outbox)
    .set({ version: sql`${outbox.version} + 1`, urgent: stillUrgent(urgent), ...(urgent ? { nextAt: now } : {}) })
    .where(and(eq(outbox.key, key), isThere))
    .run();
}

/** Something urgent that still waits stays urgent when mere progress overtakes it. */
function stillUrgent(urgent: boolean) {
  return sql`${urgent ? 1 : 0} or (${outbox.urgent} and ${outbox.version} > ${outbox.sentVersion})`;
}
