// The one way to write: a change and its audit row in one immediate transaction, under the lease where one is needed.

import type { AuditEvent } from '../domain/audit-events.ts';
import type { Clock } from '../lib/clock.ts';
import { appendAudit } from './audit.ts';
import type { Db } from './database.ts';
import { assertHeld, type Lease } from './leases.ts';
import { untilWritable, type Writable } from './patience.ts';
import { withRoom } from './room.ts';

/** A transaction in progress. Functions that change state take it, so that none can be called outside of one. */
export interface Tx {
  readonly db: Db;
  readonly now: number;
  audit(event: AuditEvent): void;
  /** Removes secrets, as `audit` does: for text of others that goes into another table. */
  redact(text: string): string;
}

export interface Store extends Writable {
  readonly db: Db;
  readonly clock: Clock;
  /** @throws when the work changed something without an audit row; nothing is stored then. */
  write<T>(work: (tx: Tx) => T): T;
  /** For writes that are no decision and no state: observations, queues, cursors. Wakes no waiter: these are polled. */
  note<T>(work: (db: Db, now: number) => T): T;
  /** A note that wakes waiters, because one of them needs it: a message to be sent. */
  tell<T>(work: (db: Db, now: number) => T): T;
  /** As durable as a decision, but none: a delivery whose sender gets the answer that it is stored. */
  receive<T>(work: (db: Db, now: number) => T): T;
  /** The same store, whose writes fail with `fenced-out` once the lease is lost. */
  under(lease: Lease): Store;
}

export interface StoreOptions {
  readonly db: Db;
  readonly clock: Clock;
  /** Removes secrets from a text before it is stored. */
  readonly redact: (text: string) => string;
  readonly lease?: Lease;
  /** Called after every commit of this process for which a caller may wait. */
  readonly committed: () => void;
}

export function createStore(options: StoreOptions): Store {
  const { db, clock, redact, lease, committed } = options;
  const totalChanges = db.$client.prepare('SELECT total_changes()').pluck();

  function write<T>(work: (tx: Tx) => T): T {
    const change = db.$client.transaction((): T => {
      if (lease) assertHeld(db, lease);
      const before = Number(totalChanges.get());
      let audited = 0;
      const now = clock.now();
      const value = work({
        db,
        now,
        redact,
        audit: (event) => {
          appendAudit(db, now, event, redact);
          audited += 1;
        },
      });
      if (audited === 0 && Number(totalChanges.get()) > before)
        throw new Error('a change without its audit row cannot be written');
      return value;
    });
    const result = withRoom(db, 'decision', () => change.immediate());
    committed();
    return result;
  }

  /** Waits for no disk: the log is written in order, so the sync of the next decision makes what was noted last too. */
  function note<T>(work: (db: Db, now: number) => T): T {
    const { $client: client } = db;
    const isWithin = client.inTransaction;
    if (!isWithin) client.pragma('synchronous = NORMAL');
    try {
      return withRoom(db, 'observation', () => client.transaction((): T => work(db, clock.now())).immediate());
    } finally {
      if (!isWithin) client.pragma('synchronous = FULL');
    }
  }

  function tell<T>(work: (db: Db, now: number) => T): T {
    const result = note(work);
    committed();
    return result;
  }

  function receive<T>(work: (db: Db, now: number) => T): T {
    const result = withRoom(db, 'decision', () => db.$client.transaction((): T => work(db, clock.now())).immediate());
    committed();
    return result;
  }

  return {
    db,
    clock,
    write,
    note,
    tell,
    receive,
    whenWritable: (limitMs, signal) => untilWritable(db, clock, limitMs, signal),
    under: (held) => createStore({ ...options, lease: held }),
  };
}
