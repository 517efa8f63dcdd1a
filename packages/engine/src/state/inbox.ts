// The inbox on SQLite: a delivery is on the disk before its sender gets the answer, and its result is one commit with
// what it changes. Taking is in inbox-taking.ts, forgetting in inbox-tidy.ts.

import { type Delivered, type DeliveryRecord, type Ending, type Inbox, inboxLease } from '../domain/inbox.ts';
import type { Db } from './database.ts';
import { asc, desc, eq, sql } from './drizzle.ts';
import { createTaking, type InboxLimits, inboxLimits, present, waitingNow } from './inbox-taking.ts';
import { liveLease } from './leases.ts';
import { inbox, inboxBodies } from './schema-inbox.ts';
import type { Store, Tx } from './store.ts';

/** Bodies of one look together; one is always given, however long it is. */
const dueBytes = 8 << 20;

// As text, not as a parameter: only then does SQLite see that the index of those that wait is meant.
const isWaiting = sql`${inbox.state} = 'waiting'`;

export function createInbox(store: Store, limits: InboxLimits = inboxLimits): Inbox {
  const { db } = store;
  const statements = prepare(db);
  return {
    take: createTaking(store, limits),
    due: (limit) => dueNow(statements, store.clock.now(), limit),
    settle: (id, ending) => settle(store, id, ending),
    ignore: (ignored) =>
      store.tell((_, now) => {
        for (const each of ignored) statements.ignore.run({ ...each, now });
      }),
    retry(id, afterMs, sentence) {
      store.note((_, now) =>
        db
          .update(inbox)
          .set({ attempts: sql`${inbox.attempts} + 1`, nextAt: now + afterMs, sentence })
          .where(sql`${inbox.id} = ${id} AND ${isWaiting}`)
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
    body: (id) => bodyOf(db, id),
    waiting: () => waitingNow(db).number,
    workedOnBy: () => liveLease(db, inboxLease, store.clock)?.holder,
  };
}

/** One commit. Of two that settle the same, one finds it settled, and its act is not done. */
const settledActions = {
  done: 'delivery-done',
  ignored: 'delivery-ignored',
  parked: 'delivery-parked',
} as const;

function settle(store: Store, id: number, ending: Ending): void {
  store.receive((db, now) => {
    const found = one(db, id);
    if (found?.state !== 'waiting') return;
    const settlement = typeof ending === 'function' ? ending() : ending;
    const { state, sentence, answer } = settlement;
    db.update(inbox)
      .set({ state, sentence, answer: answer ?? null, settledAt: now })
      .where(eq(inbox.id, id))
      .run();
    // Hosts send much that no rule matches. It is stored here for a while, without an audit row. One that was reported
    // as parked before also gets an audit row for its end.
    if (state === 'ignored' && found.sentence === undefined) return;
    const { hook, kind, delivery } = found;
    store.write((tx) =>
      tx.audit({
        actor: 'engine',
        action: settledActions[state],
        sentence: `delivery ${id} of ${hook}: ${sentence}`,
        detail: { id, hook, kind, delivery },
      }),
    );
  });
}

/** A settled delivery waits again. */
export function deliverAgain(tx: Tx, id: number): void {
  const set = { state: 'waiting' as const, attempts: 0, nextAt: tx.now, settledAt: null, answer: null };
  tx.db.update(inbox).set(set).where(eq(inbox.id, id)).run();
}

/** What every delivery goes through: put together once, since that takes longer than running it. */
function prepare(db: Db) {
  const given = (name: string) => sql.placeholder(name);
  return {
    due: db
      .select({ id: inbox.id, bytes: inbox.bytes })
      .from(inbox)
      .where(sql`${isWaiting} AND ${inbox.nextAt} <= ${given('now')}`)
      .orderBy(asc(inbox.id))
      .limit(given('limit'))
      .prepare(),
    whole: db
      .select()
      .from(inbox)
      .innerJoin(inboxBodies, eq(inboxBodies.id, inbox.id))
      .where(eq(inbox.id, given('id')))
      .prepare(),
    ignore: db
      .update(inbox)
      .set({ state: 'ignored', sentence: sql`${given('sentence')}`, settledAt: sql`${given('now')}` })
      .where(sql`${inbox.id} = ${given('id')} AND ${isWaiting}`)
      .prepare(),
  };
}

function dueNow({ due, whole }: ReturnType<typeof prepare>, now: number, limit: number): readonly Delivered[] {
  let total = 0;
  const within = due.all({ now, limit }).filter(({ bytes }, index) => {
    total += bytes;
    return index === 0 || total <= dueBytes;
  });
  return within.flatMap(({ id }) => {
    const found = whole.get({ id });
    return found ? [{ ...present(found.inbox), body: found.inbox_bodies.body }] : [];
  });
}

function one(db: Db, id: number): DeliveryRecord | undefined {
  const row = db.select().from(inbox).where(eq(inbox.id, id)).get();
  return row && present(row);
}

function bodyOf(db: Db, id: number): Buffer | undefined {
  return db.select().from(inboxBodies).where(eq(inboxBodies.id, id)).get()?.body;
}
