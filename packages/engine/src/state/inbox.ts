// The inbox on SQLite. A delivery is on the disk before its sender hears of it; those of one round share a commit.

import { and, asc, count, desc, eq, lt, lte, ne, or, sql } from 'drizzle-orm';
import type { Delivered, Inbox, NewDelivery, Settlement, Taken } from '../builds/inbox.ts';
import { letOthersIn } from '../lib/clock.ts';
import type { Db } from './database.ts';
import { inbox } from './schema.ts';
import type { Store, Tx } from './store.ts';

/** More are not taken: whoever delivers is told to come again. */
const mostWaiting = 50_000;
/** Settled deliveries are kept for people to look at, up to a time and a number. */
const keepMs = 30 * 86_400_000;
const keepRows = 20_000;
const tidyEvery = 500;

interface Request {
  readonly delivery: NewDelivery;
  readonly resolve: (taken: Taken) => void;
  readonly reject: (reason: unknown) => void;
}

interface Round {
  readonly requests: readonly Request[];
  readonly maxWaiting: number;
}

export function createInbox(store: Store, maxWaiting = mostWaiting): Inbox {
  const { db } = store;
  return {
    take: createTaking(store, maxWaiting),
    due: (limit) => dueNow(db, store.clock.now(), limit),
    settle: (id, settlement) => settle(store, id, settlement),
    retry(id, afterMs, sentence) {
      store.note((_, now) =>
        db
          .update(inbox)
          .set({ attempts: sql`${inbox.attempts} + 1`, nextAt: now + afterMs, sentence })
          .where(and(eq(inbox.id, id), eq(inbox.state, 'waiting')))
          .run(),
      );
    },
    list: ({ state, limit }) =>
      db
        .select()
        .from(inbox)
        .where(state && eq(inbox.state, state))
        .orderBy(desc(inbox.id))
        .limit(limit)
        .all()
        .map(present),
    show: (id) => one(db, id),
    waiting: () => waitingNow(db),
  };
}

/** Whoever arrives in one round of the event loop is written by one transaction, which is what a disk is slow at. */
function createTaking(store: Store, maxWaiting: number): Inbox['take'] {
  let requests: Request[] = [];
  let untilTidy = 0;

  async function flush(): Promise<void> {
    await letOthersIn();
    const now = requests;
    requests = [];
    try {
      const taken = store.receive((db, at) => takeAll(db, at, { requests: now, maxWaiting }));
      now.forEach(({ resolve }, index) => {
        resolve(taken[index] ?? { kind: 'full' });
      });
    } catch (thrown) {
      for (const { reject } of now) reject(thrown);
    }
    untilTidy -= now.length;
    if (untilTidy > 0) return;
    untilTidy = tidyEvery;
    store.note(tidy);
  }

  return (delivery) =>
    new Promise((resolve, reject) => {
      requests.push({ delivery, resolve, reject });
      if (requests.length === 1) void flush();
    });
}

function settle(store: Store, id: number, { state, sentence, answer }: Settlement): void {
  const settled = (db: Db, now: number) =>
    db
      .update(inbox)
      .set({ state, sentence, answer: answer ?? null, settledAt: now })
      .where(and(eq(inbox.id, id), eq(inbox.state, 'waiting')))
      .returning()
      .get();
  // Hosts send much that concerns nobody: it is kept here for a while, and no line of the audit log.
  if (state === 'ignored') {
    store.receive(settled);
    return;
  }
  store.write((tx) => {
    const row = settled(tx.db, tx.now);
    if (!row) return;
    tx.audit({
      actor: 'engine',
      action: `delivery-${state}`,
      sentence: `delivery ${id} of ${row.hook}: ${sentence}`,
      detail: { id, hook: row.hook, kind: row.kind, delivery: row.delivery },
    });
  });
}

function takeAll(db: Db, now: number, { requests, maxWaiting }: Round): readonly Taken[] {
  let room = maxWaiting - waitingNow(db);
  return requests.map(({ delivery }) => {
    const taken = takeOne(db, now, { delivery, hasRoom: room > 0 });
    if (taken.kind === 'taken') room -= 1;
    return taken;
  });
}

function takeOne(
  db: Db,
  now: number,
  { delivery: given, hasRoom }: { readonly delivery: NewDelivery; readonly hasRoom: boolean },
): Taken {
  const { hook, delivery, content, kind, body } = given;
  const known = db
    .select()
    .from(inbox)
    .where(and(eq(inbox.hook, hook), or(eq(inbox.delivery, delivery), eq(inbox.content, content))))
    .orderBy(asc(inbox.id))
    .get();
  if (known) return { kind: 'known', delivery: present(known) };
  if (!hasRoom) return { kind: 'full' };
  const values = { hook, delivery, content, kind, body, receivedAt: now, nextAt: now };
  return { kind: 'taken', delivery: present(db.insert(inbox).values(values).returning().get()) };
}

/** A settled delivery waits again. */
export function deliverAgain(tx: Tx, id: number): void {
  const set = { state: 'waiting' as const, attempts: 0, nextAt: tx.now, settledAt: null, answer: null };
  tx.db.update(inbox).set(set).where(eq(inbox.id, id)).run();
}

function tidy(db: Db, now: number): void {
  const settled = ne(inbox.state, 'waiting');
  db.delete(inbox)
    .where(and(settled, lt(inbox.settledAt, now - keepMs)))
    .run();
  const newest = db.select({ id: inbox.id }).from(inbox).orderBy(desc(inbox.id)).limit(1).get()?.id ?? 0;
  db.delete(inbox)
    .where(and(settled, lte(inbox.id, newest - keepRows)))
    .run();
}

function dueNow(db: Db, now: number, limit: number): readonly Delivered[] {
  return db
    .select()
    .from(inbox)
    .where(and(eq(inbox.state, 'waiting'), lte(inbox.nextAt, now)))
    .orderBy(asc(inbox.id))
    .limit(limit)
    .all()
    .map(present);
}

function waitingNow(db: Db): number {
  const waiting = db.select({ number: count() }).from(inbox).where(eq(inbox.state, 'waiting')).get();
  return waiting?.number ?? 0;
}

function one(db: Db, id: number): Delivered | undefined {
  const row = db.select().from(inbox).where(eq(inbox.id, id)).get();
  return row && present(row);
}

function present(row: typeof inbox.$inferSelect): Delivered {
  const { settledAt, sentence, answer, ...rest } = row;
  return {
    ...rest,
    settledAt: settledAt ?? undefined,
    sentence: sentence ?? undefined,
    answer: answer ?? undefined,
  };
}
