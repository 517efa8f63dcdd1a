// Taking a delivery in: once, within bounds, and those of one round of the event loop with one commit.

import type { DeliveryRecord, Inbox, NewDelivery, Taken } from '../domain/inbox.ts';
import { yieldToEventLoop } from '../lib/clock.ts';
import type { Db } from './database.ts';
import { asc, sql } from './drizzle.ts';
import { createTidying, type Kept, kept } from './inbox-tidy.ts';
import { patiently } from './patience.ts';
import { inbox, inboxBodies } from './schema-inbox.ts';
import type { Store } from './store.ts';

/** The most deliveries that may wait. Beyond it, the sender is asked to deliver again later. */
export interface InboxLimits {
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly kept: Kept;
}

export const inboxLimits: InboxLimits = { waiting: 50_000, waitingBytes: 2 ** 30, kept };

/** How often waiting deliveries are recounted, and how often when full. In between, those taken here are subtracted. */
const recountMs = 1_000;
const recountFullMs = 50;

/** Code hosts wait about ten seconds for an answer, and few deliver again. */
const lockedMs = 8_000;

interface Request {
  readonly delivery: NewDelivery;
  readonly resolve: (taken: Taken) => void;
  readonly reject: (reason: unknown) => void;
}

/** Writes all deliveries of one turn of the event loop in one transaction, because commits are slow on a disk. */
export function createTaking(store: Store, limits: InboxLimits): Inbox['take'] {
  const takeOne = createTakeOne(store.db, limits);
  const tidy = createTidying(store, limits.kept);
  let requests: Request[] = [];

  async function flush(): Promise<void> {
    await yieldToEventLoop();
    const now = requests;
    requests = [];
    try {
      const taken = await patiently(
        (_, signal) => store.whenWritable(lockedMs, signal),
        () => store.receive((_, at) => now.map(({ delivery }) => takeOne(delivery, at))),
      );
      now.forEach(({ resolve }, index) => {
        resolve(taken[index] ?? { kind: 'full' });
      });
      tidy(now.length);
    } catch (thrown) {
      // Callers that already have their answer keep it; the tidying that failed is repeated later.
      for (const { reject } of now) reject(thrown);
    }
  }

  return (delivery) =>
    new Promise((resolve, reject) => {
      requests.push({ delivery, resolve, reject });
      if (requests.length === 1) void flush();
    });
}

function createTakeOne(db: Db, limits: InboxLimits): (delivery: NewDelivery, now: number) => Taken {
  const statements = prepare(db);
  const room = createRoom(db, limits);

  return (given, now) => {
    const { body, ...facts } = given;
    if (room.has(body.length, now)) {
      const added = statements.add.get({ ...facts, bytes: body.length, now });
      if (added) {
        statements.addBody.run({ id: added.id, body });
        room.take(body.length);
        return { kind: 'taken', delivery: fresh(given, added.id, now) };
      }
    }
    const known = statements.find.get(facts);
    return known ? { kind: 'known', delivery: present(known) } : { kind: 'full' };
  };
}

function prepare(db: Db) {
  const given = (name: string) => sql.placeholder(name);
  return {
    add: db
      .insert(inbox)
      .values({
        hook: given('hook'),
        delivery: given('delivery'),
        content: given('content'),
        kind: given('kind'),
        bytes: given('bytes'),
        receivedAt: given('now'),
        nextAt: given('now'),
      })
      .onConflictDoNothing()
      .returning({ id: inbox.id })
      .prepare(),
    addBody: db
      .insert(inboxBodies)
      .values({ id: given('id'), body: given('body') })
      .prepare(),
    find: db
      .select()
      .from(inbox)
      .where(
        sql`${inbox.hook} = ${given('hook')} AND (${inbox.delivery} = ${given('delivery')} OR ${inbox.content} = ${given('content')})`,
      )
      .orderBy(asc(inbox.id))
      .prepare(),
  };
}

/** Counting all that waits at every delivery would be the slower the more waits. */
function createRoom(db: Db, { waiting, waitingBytes }: InboxLimits) {
  let left = { number: 0, bytes: 0, countedAt: 0 };
  const fits = (bytes: number): boolean => left.number > 0 && left.bytes >= bytes;
  return {
    has(bytes: number, now: number): boolean {
      if (Math.abs(now - left.countedAt) < (fits(bytes) ? recountMs : recountFullMs)) return fits(bytes);
      const { number, bytes: held } = waitingNow(db);
      left = { number: waiting - number, bytes: waitingBytes - held, countedAt: now };
      return fits(bytes);
    },
    take(bytes: number): void {
      left = { ...left, number: left.number - 1, bytes: left.bytes - bytes };
    },
  };
}

export function waitingNow(db: Db): { readonly number: number; readonly bytes: number } {
  const counted = db
    .select({ number: sql<number>`count(*)`, bytes: sql<number>`coalesce(sum(${inbox.bytes}), 0)` })
    .from(inbox)
    .where(sql`${inbox.state} = 'waiting'`)
    .get();
  return counted ?? { number: 0, bytes: 0 };
}

function fresh({ body, ...facts }: NewDelivery, id: number, now: number): DeliveryRecord {
  const nothingYet = { attempts: 0, settledAt: undefined, sentence: undefined, answer: undefined };
  return { ...facts, ...nothingYet, id, bytes: body.length, receivedAt: now, nextAt: now, state: 'waiting' };
}

export function present({ hasBody: _, ...row }: typeof inbox.$inferSelect): DeliveryRecord {
  const { settledAt, sentence, answer } = row;
  return {
    ...row,
    settledAt: settledAt ?? undefined,
    sentence: sentence ?? undefined,
    answer: answer ?? undefined,
  };
}
